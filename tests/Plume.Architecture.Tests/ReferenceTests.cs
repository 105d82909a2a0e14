using System.Xml.Linq;

namespace Plume.Architecture.Tests;

public class ReferenceTests
{
    [Fact]
    public void Projects_reference_only_what_the_table_in_architecture_md_allows()
    {
        var allowed = ReadTable();
        var found = Repository.Files("src", "*.csproj")
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path), ReadReferences);
        Assert.Equal(found.Keys.Order(), allowed.Keys.Order());
        foreach (var (project, references) in found)
        {
            foreach (string reference in references)
            {
                string rule = allowed[project].Length == 0 ? "nothing" : string.Join(", ", allowed[project]);
                Assert.True(allowed[project].Contains(reference),
                    $"{project} references {reference}; architecture.md allows {rule}.");
            }
        }
    }

    [Theory]
    [InlineData("Plume.Compression")]
    [InlineData("Plume.Models")]
    [InlineData("Plume.Federation")]
    public void Pure_projects_take_time_and_chance_as_arguments(string project)
    {
        string[] ambient = ["Random.Shared", "new Random(", "Guid.NewGuid", "DateTime.Now", "DateTime.UtcNow",
            "DateTimeOffset.UtcNow", "Stopwatch", "Environment.Tick", "Console.", "TimeProvider.System", "Thread.Sleep"];
        foreach (string path in Repository.Files($"src/{project}", "*.cs"))
        {
            string text = Repository.Text(path);
            Assert.All(ambient, word =>
                Assert.False(text.Contains(word, StringComparison.Ordinal),
                    $"{path} uses {word}; a pure project takes it as an argument."));
        }
    }

    static Dictionary<string, string[]> ReadTable() => Repository.Text("docs/architecture.md").Split('\n')
        .Where(line => line.StartsWith("| Plume.", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .ToDictionary(cells => cells[1],
            cells => cells[2].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    static string[] ReadReferences(string path) =>
        [.. XDocument.Parse(Repository.Text(path)).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value))];
}
