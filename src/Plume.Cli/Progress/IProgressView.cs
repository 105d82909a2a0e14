using Plume.Cli.Runs;
using Plume.Compression.Wording;

namespace Plume.Cli.Progress;

/// <summary>What a run will do.</summary>
/// <param name="Name">The experiment's name.</param>
/// <param name="Subtitle">The federation in one line.</param>
/// <param name="Rounds">Rounds of the whole run.</param>
/// <param name="HasBaseline">Whether every round is also run with 32-bit floats.</param>
sealed record RunOutline(string Name, string Subtitle, int Rounds, bool HasBaseline)
{
    /// <summary>What models are measured by, as a word.</summary>
    public string Measure { get; init; } = "accuracy";

    /// <summary>The federation in one line, printable.</summary>
    public string Subtitle { get; } = Printable.Line(Subtitle);
}

/// <summary>A round that is done.</summary>
/// <param name="Compressed">With the experiment's codecs.</param>
/// <param name="Baseline">With 32-bit floats, when that is run too.</param>
/// <param name="SecondsLeft">For the rounds still to come, at the mean pace so far.</param>
sealed record RoundDone(RoundLine Compressed, RoundLine? Baseline, double SecondsLeft);

/// <summary>Shows a run while it goes on.</summary>
interface IProgressView
{
    /// <summary>Runs <paramref name="run"/> and shows every round it reports.</summary>
    void Follow(RunOutline outline, Action<Action<RoundDone>> run);
}
