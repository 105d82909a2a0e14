using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Plume.Cli.Tests.Commands.Help;

/// <summary>
/// C# of the documentation, as people copy it: it compiles, and whole programs that need neither torch nor a server run.
/// </summary>
public class DocumentedCodeTests
{
    // Pages whose blocks are a program that runs anywhere.
    static readonly string[] Programs = ["src/Plume.Compression/README.md", "src/Plume.Models/README.md"];

    // What a piece of code on a page takes from its reader's program.
    static readonly Dictionary<string, string> Surroundings = new()
    {
        ["README.md"] = """
            global using Plume.Client;
            global using Plume.Client.Identity;
            global using Plume.Compression.Aggregation;
            global using Plume.Compression.Codecs;
            global using Plume.Compression.Randomness;
            global using Plume.Compression.Weights;
            global using Plume.Federation.Learners;
            global using static Around;

            static class Around
            {
                public static ModelLayout layout = null!;
                public static float[] update = null!;
                public static double weight = 1;
                public static RandomKey key;
                public static ClientCertificate certificate = null!;
            }

            sealed class MyLearner(ModelLayout layout) : ILearner
            {
                public ModelLayout Layout => layout;

                public LocalOutcome Train(LocalTask task, Span<float> trained, CancellationToken cancellation) => new(1, 0);
            }
            """,
    };

    const string Usings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>All that this program has.</summary>
    public static MetadataReference[] References { get; } = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':')
        .Select(path => MetadataReference.CreateFromFile(path))];

    public static TheoryData<string> Pages => [.. Directory.GetFiles(Repository.Path("docs"), "*.md", SearchOption.AllDirectories)
        .Concat(Directory.GetFiles(Repository.Path("."), "README*.md"))
        .Concat(Directory.GetDirectories(Repository.Path("src")).Select(project => Path.Combine(project, "README.md")))
        .Where(page => File.Exists(page) && BlocksOf(page).Any())
        .Select(page => Path.GetRelativePath(Repository.Path("."), page)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Pages))]
    public void Every_block_compiles(string page) =>
        Assert.All(BlocksOf(Repository.Path(page)), block =>
        {
            using var image = new MemoryStream();
            var result = Compiled(block, SurroundingsOf(page))
                .Emit(image, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Empty(result.Diagnostics.Where(problem => problem.Severity == DiagnosticSeverity.Error));
            if (Programs.Contains(page))
                Assert.Equal(0, InProcess.Run(Assembly.Load(image.ToArray())).Code);
        });

    [Fact]
    public void Every_package_with_a_page_shows_code() =>
        Assert.All(Programs.Append("src/Plume.Client/README.md").Append("README.md"),
            page => Assert.Contains(page, Pages.Select(row => row.Data)));

    static string SurroundingsOf(string page) => Surroundings.GetValueOrDefault(page.Replace(".zh", "", StringComparison.Ordinal), "");

    static CSharpCompilation Compiled(string block, string surroundings) =>
        CSharpCompilation.Create($"documented{block.GetHashCode(StringComparison.Ordinal):x}",
            [.. new[] { Usings, surroundings, block }.Select(text => CSharpSyntaxTree.ParseText(text))],
            References, new CSharpCompilationOptions(
                IsProgram(block) ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable));

    static bool IsProgram(string block) => CSharpSyntaxTree.ParseText(block).GetCompilationUnitRoot().Members
        .Any(member => member.IsKind(SyntaxKind.GlobalStatement));

    static IEnumerable<string> BlocksOf(string page)
    {
        List<string>? block = null;
        foreach (string line in File.ReadLines(page))
        {
            if (line == "```csharp")
                block = [];
            else if (line == "```" && block is not null)
            {
                yield return string.Join('\n', block);
                block = null;
            }
            else
                block?.Add(line);
        }
    }
}
