namespace Plume.Client.Tests;

/// <summary>A folder of its own for one test, gone afterwards.</summary>
sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("plume-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
