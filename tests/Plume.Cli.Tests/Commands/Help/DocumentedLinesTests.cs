using System.Text;
using System.Text.RegularExpressions;
using Plume.Cli.Commands;

namespace Plume.Cli.Tests.Commands.Help;

/// <summary>Lines of the documentation, as people copy them: plume takes all of them, and the tutorial's are run.</summary>
public sealed partial class DocumentedLinesTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Pages => [.. Directory.GetFiles(Repository.Path("docs"), "*.md", SearchOption.AllDirectories)
        .Concat(Directory.GetFiles(Repository.Path("."), "README*.md")).Where(page => LinesOf(page).Any())
        .Select(page => Path.GetRelativePath(Repository.Path("."), page)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Pages))]
    public void Every_line_of_a_page_is_one_that_plume_takes_and_names_files_that_are_there(string page) =>
        Assert.All(LinesOf(Repository.Path(page)), line =>
        {
            string[] words = WordsOf(line);
            Assert.Empty(PlumeCommand.Create().Parse(words[1..]).Errors.Select(error => $"{line}: {error.Message}"));
            Assert.All(words.Where(word => word.StartsWith("experiments/", StringComparison.Ordinal) && word.IndexOfAny(['*', '{']) < 0),
                word => Assert.True(File.Exists(Repository.Path(word)), $"{line}: '{word}' does not exist"));
        });

    [Fact]
    public void The_tutorial_is_run_as_it_stands_but_for_its_length()
    {
        string[] lines = [.. LinesOf(Repository.Path("docs/tutorial.md"))];
        Assert.True(lines.Length >= 9, "the tutorial has lost its lines");
        string address = "";
        System.Diagnostics.Process? server = null;
        try
        {
            foreach (string[] words in lines.Select(Shortened).Select(WordsOf))
            {
                string[] arguments = [.. words[1..].Select(Placed)];
                if (words[1] == "serve")
                {
                    server = Program.StartUntil("Serving", out string said, [.. arguments, "--listen", "127.0.0.1:0", "--page", "none"]);
                    address = said[said.LastIndexOf("http", StringComparison.Ordinal)..].Trim();
                    continue;
                }

                var ended = Program.Run([.. arguments.Select(word => word == "http://127.0.0.1:7443" ? address : word)]);
                Assert.True(ended.Code == 0, $"{string.Join(' ', words)}: {ended.Code}\n{ended.Output}{ended.Error}");
            }
        }
        finally
        {
            server?.Kill(entireProcessTree: true);
            server?.Dispose();
        }

        Assert.True(File.Exists(folder["runs/first/report.html"]) && File.Exists(folder["runs/visits.onnx"]) && File.Exists(folder["runs/small.onnx"]));
    }

    // Experiments lie in the tree; what lines leave goes where the test removes it.
    string Placed(string word)
    {
        Directory.CreateDirectory(folder["runs"]);
        return word.StartsWith("experiments/", StringComparison.Ordinal) ? Repository.Path(word)
            : word.StartsWith("runs/", StringComparison.Ordinal) ? folder[word] : word;
    }

    static string Shortened(string line) => Lengths().Replace(line, "${name}1");

    // In blocks of code alone; a backslash at the end takes the next line along.
    static IEnumerable<string> LinesOf(string page)
    {
        bool isCode = false;
        string open = "";
        foreach (string text in File.ReadLines(page))
        {
            string line = text.Trim();
            if (line.StartsWith("```", StringComparison.Ordinal))
                isCode = !isCode;
            else if (isCode && (open.Length > 0 || Begin().IsMatch(line)))
            {
                open += Begin().Replace(line, "plume ");
                if (open.EndsWith('\\'))
                {
                    open = open[..^1];
                    continue;
                }

                if (!open.Contains("...", StringComparison.Ordinal))
                    yield return open;
                open = "";
            }
        }
    }

    // As a shell cuts it: blanks between words, quotes around words with blanks in them, and nothing behind # or >.
    static string[] WordsOf(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        bool isQuoted = false, isWord = false;
        foreach (char each in line + " ")
        {
            if (each == '"')
                (isQuoted, isWord) = (!isQuoted, true);
            else if (each != ' ' || isQuoted)
            {
                word.Append(each);
                isWord = true;
            }
            else if (isWord)
            {
                if (word.ToString() is "#" or ">")
                    break;
                words.Add(word.ToString());
                word.Clear();
                isWord = false;
            }
        }

        return [.. words];
    }

    [GeneratedRegex(@"^(\$ )?plume ")]
    private static partial Regex Begin();

    [GeneratedRegex(@"(?<name>rounds[= ]|--epochs )\d+")]
    private static partial Regex Lengths();
}
