using Plume.Learning.Native;

namespace Plume.Learning.Tests.Native;

public class ElfVersionNeedsTests
{
    static readonly string Bridge =
        Directory.EnumerateFiles(AppContext.BaseDirectory, "libLibTorchSharp.so", SearchOption.AllDirectories).First();

    [Fact]
    public void One_flag_of_the_real_library_changes_and_nothing_else()
    {
        byte[] before = File.ReadAllBytes(Bridge), after = [.. before];
        ElfVersionNeeds.MakeOptional(after, "GLIBCXX_3.4.32");
        int[] changed = [.. Enumerable.Range(0, before.Length).Where(i => before[i] != after[i])];
        Assert.Equal((0, 2), (before[Assert.Single(changed)], after[changed[0]]));
    }

    [Fact]
    public void A_version_that_is_not_needed_is_said_to_be_missing() =>
        Assert.Equal("The library does not need version GLIBCXX_9.9.9.",
            Assert.Throws<BadImageFormatException>(() =>
                ElfVersionNeeds.MakeOptional(File.ReadAllBytes(Bridge), "GLIBCXX_9.9.9")).Message);

    [Fact]
    public void A_cut_or_strange_library_is_refused_without_reading_beyond_it()
    {
        byte[] library = File.ReadAllBytes(Bridge);
        foreach (int length in new[] { 0, 3, 63, 64, 1000, library.Length / 2 })
            Assert.Throws<BadImageFormatException>(() =>
                ElfVersionNeeds.MakeOptional(library.AsSpan(0, length).ToArray(), "GLIBCXX_3.4.32"));
    }
}
