namespace Plume.Server.Tests.Storage;

static class StorageNames
{
    /// <summary>Names that no store takes.</summary>
    public static TheoryData<string> Refused { get; } =
        ["", "/", "/etc/passwd", "..", "../a", "a/../b", "a/..", "a//b", "a/", "./a", "A", "digits/Upload", "a b", "a\\b", "a:b",
            "é", "a\n", "a\0", "a%", new string('a', 257)];
}
