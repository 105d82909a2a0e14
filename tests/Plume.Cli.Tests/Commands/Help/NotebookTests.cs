using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Plume.Cli.Tests.Commands.Help;

/// <summary>The sample notebook: its cells, one after another, draw a run folder.</summary>
public sealed class NotebookTests : IDisposable
{
    // What .NET Interactive gives to every cell, as far as these use it.
    const string Kernel = """
        global using System;
        global using System.Collections.Generic;
        global using System.Linq;
        global using static Kernel;

        public static class Kernel
        {
            public static List<string> Shown { get; } = new();

            public static string HTML(string content) => content;

            public static void display(string content) => Shown.Add(content);
        }
        """;

    readonly Folder folder = new();

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PLUME_RUN", null);
        folder.Dispose();
    }

    [Fact]
    public void Its_cells_draw_a_run_and_the_baseline_beside_it()
    {
        Write("result.json", """{"accuracy":0.9,"metric":"accuracy"}""");
        Write("metrics.jsonl", Lines(macroF1: ",\"macroF1\":0.5"));
        Write("baseline/metrics.jsonl", Lines(macroF1: ""));

        var shown = Run();

        Assert.Equal(4, shown.Count);
        Assert.Contains("<th>accuracy</th>", shown[0], StringComparison.Ordinal);
        Assert.Contains("<td>compressed</td><td>0.9200</td><td>0.003</td>", shown[0], StringComparison.Ordinal);
        Assert.Contains("<td>32-bit floats</td>", shown[0], StringComparison.Ordinal);
        Assert.All(shown[1..], picture => Assert.Equal("svg", XDocument.Parse(picture).Root!.Name.LocalName));
    }

    [Fact]
    public void Of_a_run_that_predicts_a_number_it_draws_what_there_is()
    {
        Write("result.json", """{"accuracy":0.9,"metric":"R2"}""");
        Write("metrics.jsonl", Lines(macroF1: ""));

        var shown = Run();

        Assert.Equal(3, shown.Count);
        Assert.Contains("<th>R2</th>", shown[0], StringComparison.Ordinal);
    }

    [Fact]
    public void It_asks_for_the_package_that_the_program_has()
    {
        var package = XDocument.Load(Repository.Path("Directory.Packages.props")).Descendants("PackageVersion")
            .Single(package => (string?)package.Attribute("Include") == "ScottPlot");
        Assert.Contains($"#r \"nuget: ScottPlot, {(string?)package.Attribute("Version")}\"\n", string.Concat(Cells()), StringComparison.Ordinal);
    }

    List<string> Run()
    {
        string program = string.Join('\n', Cells().SelectMany(cell => cell.Split('\n')).Where(line => !line.StartsWith("#r ", StringComparison.Ordinal)));
        // Types stand below statements in a program; in a notebook they need not, and usings are in any cell.
        var root = CSharpSyntaxTree.ParseText(program).GetCompilationUnitRoot();
        var types = root.Members.Where(member => !member.IsKind(SyntaxKind.GlobalStatement)).ToList();
        root = root.RemoveNodes(types, SyntaxRemoveOptions.KeepNoTrivia)!;
        root = root.AddMembers([.. types]);
        var compilation = CSharpCompilation.Create("notebook", [CSharpSyntaxTree.ParseText(Kernel), CSharpSyntaxTree.ParseText(root.ToFullString())],
            DocumentedCodeTests.References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
        using var image = new MemoryStream();
        var result = compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(result.Diagnostics.Where(problem => problem.Severity == DiagnosticSeverity.Error));
        var assembly = Assembly.Load(image.ToArray());
        Environment.SetEnvironmentVariable("PLUME_RUN", folder["run"]);
        Assert.Equal(0, InProcess.Run(assembly).Code);
        return [.. ((IEnumerable)assembly.GetType("Kernel")!.GetProperty("Shown")!.GetValue(null)!).Cast<string>()];
    }

    static IEnumerable<string> Cells()
    {
        using var notebook = JsonDocument.Parse(File.ReadAllText(Repository.Path("samples/notebook/run.ipynb")));
        foreach (var cell in notebook.RootElement.GetProperty("cells").EnumerateArray())
        {
            if (cell.GetProperty("cell_type").GetString() == "code")
                yield return string.Concat(cell.GetProperty("source").EnumerateArray().Select(line => line.GetString())) + "\n";
        }
    }

    static string Lines(string macroF1) => string.Concat(Enumerable.Range(1, 2).Select(round =>
        $$"""{"round":{{round}},"accuracy":{{(round == 1 ? "0.9" : "0.92")}},"uplinkBytes":500,"downlinkBytes":1000{{macroF1}}}""" + "\n"));

    void Write(string name, string text)
    {
        string path = folder[Path.Combine("run", name)];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
