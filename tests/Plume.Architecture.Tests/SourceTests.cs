using System.Globalization;
using System.Text.RegularExpressions;

namespace Plume.Architecture.Tests;

public partial class SourceTests
{
    const int LongestSource = 400;
    const int LongestTest = 500;

    static IEnumerable<string> Sources =>
        Repository.Files("src", "*.cs").Concat(Repository.Files("tests", "*.cs")).Concat(Repository.Files("bench", "*.cs"));

    [Fact]
    public void A_file_is_one_idea_long() => Assert.All(Sources, path =>
    {
        int limit = path.StartsWith("tests", StringComparison.Ordinal) ? LongestTest : LongestSource;
        int lines = Repository.Text(path).Count(character => character == '\n');
        Assert.True(lines <= limit, $"{path} has {lines} lines; the limit is {limit}. Is it one idea?");
    });

    // A text that stays in one piece, so that it can be searched for, may be wider.
    [Fact]
    public void A_line_is_no_wider_than_editorconfig_says()
    {
        int columns = int.Parse(Columns().Match(Repository.Text(".editorconfig")).Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.All(Sources.Concat(Repository.Files("samples", "*.cs")), path =>
        {
            string[] lines = Repository.Text(path).Split('\n');
            int wide = Array.FindIndex(lines, line => line.Length > columns && !line.Contains('"', StringComparison.Ordinal));
            Assert.True(wide < 0, $"{path}:{wide + 1} is wider than the {columns} columns of .editorconfig. Where does it "
                + $"break best?");
        });
    }

    [Fact]
    public void A_file_is_named_for_what_is_in_it() =>
        Assert.All(Sources, path =>
            Assert.False(EmptyName().IsMatch(Path.GetFileName(path)),
                $"{path} has a name that says nothing; name the thing or the verb."));

    [Fact]
    public void No_file_is_folded_or_unfinished() => Assert.All(Sources, path =>
    {
        if (Path.GetFileName(path) != "SourceTests.cs")
            Assert.False(Unfinished().IsMatch(Repository.Text(path)),
                $"{path} has a region, a task without an issue's number, or a method without a body.");
    });

    [Fact]
    public void No_test_waits_for_the_clock() => Assert.All(Repository.Files("tests", "*.cs"), path =>
    {
        if (Path.GetDirectoryName(path) != "tests/Plume.Architecture.Tests")
            Assert.DoesNotMatch(Waiting(), Repository.Text(path));
    });

    [GeneratedRegex("(Manager|Helpers?|Utils|Utilities|Common|Service|Impl)\\.cs$")]
    private static partial Regex EmptyName();

    [GeneratedRegex("max_line_length = (\\d+)")]
    private static partial Regex Columns();

    [GeneratedRegex("#region|TODO(?! #\\d)|FIXME|HACK|NotImplementedException")]
    private static partial Regex Unfinished();

    [GeneratedRegex("Thread\\.Sleep|Task\\.Delay\\(\\d")]
    private static partial Regex Waiting();
}
