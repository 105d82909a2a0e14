using Plume.Cli.Errors;
using Plume.Cli.Runs;

namespace Plume.Cli.Tests.Runs;

public sealed class RunFolderTests : IDisposable
{
    readonly Folder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_new_run_makes_its_folder_and_leaves_it_empty()
    {
        var run = RunFolder.Create(folder["a/b"]);
        Assert.Empty(Directory.GetFileSystemEntries(run.Folder));
    }

    [Fact]
    public void A_folder_with_files_is_refused()
    {
        File.WriteAllText(folder["x"], "");
        Refused(() => RunFolder.Create(folder.Path),
            $"A new run needs an empty folder, but '{folder.Path}' has files. Name another with --out, or go on with what is "
                + $"there with --resume.");
    }

    [Fact]
    public void A_file_in_the_way_is_refused()
    {
        File.WriteAllText(folder["x"], "");
        Refused(() => RunFolder.Create(folder["x"]), $"The run folder '{folder["x"]}' cannot be written: ");
        Refused(() => RunFolder.Create(folder["x/y"]), $"The run folder '{folder["x/y"]}' cannot be written: ");
    }

    [Fact]
    public void Nothing_to_resume_is_refused() =>
        Refused(() => RunFolder.Resume(folder.Path),
            $"There is no run to resume in '{folder.Path}': it has no experiment.json. Start one without --resume.");

    static void Refused(Action act, string beginning)
    {
        var refused = Assert.Throws<CliException>(act);
        Assert.Equal(ExitCode.Output, refused.Code);
        Assert.StartsWith(beginning, refused.Message, StringComparison.Ordinal);
    }
}
