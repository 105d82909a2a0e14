using Plume.Cli.Terminal;

namespace Plume.Cli.Setup;

/// <summary>Progress of a training run as lines on standard error.</summary>
static class EpochLines
{
    /// <summary>What a trainer reports to.</summary>
    /// <param name="epochs">Epochs in all.</param>
    /// <param name="what">What is trained, in front of the line.</param>
    public static Action<int, double> For(int epochs, string? what = null) =>
        (epoch, loss) => Tell.Note($"{(what is null ? "" : what + ", ")}epoch {epoch} of {epochs}: loss {loss:0.0000}");
}
