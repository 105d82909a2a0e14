using System.Text.RegularExpressions;

namespace Plume.Architecture.Tests;

/// <summary>
/// The folders of a project stand in layers: one uses those before it in the list of architecture.md, and none that comes after.
/// Folders inside a folder belong to it; files beside the folders are the project's front door and may use all.
/// </summary>
public partial class LayerTests
{
    const int MostFiles = 15;

    static readonly Dictionary<string, string[]> Layers = ReadLayers();

    public static TheoryData<string> Projects => [.. Layers.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_folder_uses_only_those_before_it(string project)
    {
        string[] layers = Layers[project];
        Assert.All(Repository.Files($"src/{project}", "*.cs"), path =>
        {
            string folder = FolderOf(project, path);
            int place = Array.IndexOf(layers, folder);
            if (folder.Length == 0)
                return;
            Assert.True(place >= 0, $"{path} is in a folder that the list of layers in architecture.md does not have. Where "
                + $"does it stand among {string.Join(", ", layers)}?");
            foreach (string used in Used(project, Repository.Text(path)).Where(used => used != folder))
                Assert.True(layers.Take(place).Contains(used),
                    $"{path} uses {used}, which does not stand before {folder} in the layers of {project}: "
                        + $"{string.Join(", ", layers)}.");
        });
    }

    [Fact]
    public void Every_project_with_folders_has_layers_and_every_layer_has_files()
    {
        var found = Repository.Files("src", "*.cs").Select(path => path.Split('/')).Where(parts => parts.Length > 3)
            .ToLookup(parts => parts[1], parts => parts[2]);
        Assert.Equal(found.Select(project => project.Key).Order(), Layers.Keys.Order());
        Assert.All(Layers, layers => Assert.Equal(found[layers.Key].Distinct().Order(), layers.Value.Order()));
    }

    [Fact]
    public void A_folder_has_no_more_files_than_one_sees_at_a_glance() =>
        Assert.All(Repository.Files("src", "*.cs").Concat(Repository.Files("tests", "*.cs")).GroupBy(Path.GetDirectoryName),
            folder =>
            Assert.True(folder.Count() <= MostFiles,
                $"{folder.Key} has {folder.Count()} files; {MostFiles} are the most. What are its parts?"));

    [Fact]
    public void A_namespace_is_its_folder() => Assert.All(Repository.Files("src", "*.cs"), path =>
    {
        if (Namespace().Match(Repository.Text(path)) is { Success: true } declared)
            Assert.Equal(Path.GetDirectoryName(path)!["src/".Length..].Replace('/', '.'), declared.Groups[1].Value);
    });

    // Folders that a file names, with using or in full: an unused using does not build.
    static IEnumerable<string> Used(string project, string text)
    {
        string family = project["Plume.".Length..];
        return Regex.Matches(text, $@"(?:\bPlume\.|(?<![\w.])){family}\.(\w+)").Select(match => match.Groups[1].Value)
            .Where(Layers[project].Contains).Distinct();
    }

    static string FolderOf(string project, string path)
    {
        string[] parts = Path.GetRelativePath($"src/{project}", path).Split('/');
        return parts.Length == 1 ? "" : parts[0];
    }

    static Dictionary<string, string[]> ReadLayers() => Layer().Matches(Repository.Text("docs/architecture.md"))
        .ToDictionary(line => line.Groups[1].Value, line => line.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries));

    [GeneratedRegex(@"^- (Plume\.\w+): (.+)$", RegexOptions.Multiline)]
    private static partial Regex Layer();

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
