using System.Globalization;
using Plume.Compression.Codecs.Allocate;
using Plume.Compression.Kernels.Levels;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs.Quantize;

/// <summary>
/// A <see cref="DeadZone"/> that needs no number of the model or the data: what it adds is a fixed share of the noise that is
/// there already, since clients' updates are apart.
/// </summary>
/// <remarks>
/// The mean of n updates is off by a chance that follows from how far they are apart, and a step of some standard deviations
/// of a value between them adds little to that: 2.75 for an update, and 18 for what is published, where it is
/// the standard deviation of the mean, for half a point of accuracy; the double for the double. So the step follows the learning
/// rate, the data, the model, and the rounds, by what a server sees anyhow. A federation says it (<see cref="Codec.StepAt"/>).
/// Where nobody does, as before the first round has ended, it is the largest whose squared error is at most 0.02 of an update's
/// energy, or half of that between the versions of a model. Steps of models are powers of two, so that payloads of several
/// versions add up to one.
/// <para>A level is always the nearest, whatever it costs, where other dead zones weigh error against bits: what those leave out
/// points towards zero in all updates alike, so models lag behind. A coarser step saves as many bits and loses less.</para>
/// <para>By <c>feedback</c> each of N clients holds a step's error back until it takes part again, and what all hold back is
/// sqrt(N / m) steps beside the noise of a mean of m updates. So where more than a tenth of them take part in a round an update's
/// step is coarser, as the root of their share, but not beyond 5.5 standard deviations.</para>
/// <para>What is below a step is lost most, so with one step for all tensors those of small values would learn slower than the
/// others. An update whose step a federation says therefore has a factor for each matrix, which gives back along it what was lost
/// (<see cref="Pipeline.TensorGains"/>).</para>
/// <para>Running statistics travel in few bits each (<see cref="Code.ShortFloats"/>). Between versions of a model that has some the
/// step is half of what is said, and of any model normalizations have a quarter of it
/// (<see cref="Pipeline.FineNormalizations"/>).</para>
/// <para>The factors were chosen on one work of Fashion-MNIST. Points are no bound: over seven works and three seeds, of thirty
/// rounds each, half a point was 0.7 in the mean and 1.3 at most; with batch normalization on unlike labels, where models
/// swing by floats too, 2.0 and 2.8 (docs/benchmarks.md).</para>
/// Bytes: 2 for the step, and 1 for each matrix of an update whose step is said.
/// </remarks>
public sealed record Auto : DeadZone, INotated<Auto>
{
    const double DefaultLoss = 0.5;
    const double MostLoss = 5;
    const float LargestStep = 1e30f;
    const string Suffix = "pt";

    // Standard deviations of a value between updates, for a point.
    const double OfUpdates = 5.5;

    // Standard deviations of a value of their mean, for a point.
    const double OfModels = 36;

    // Standard deviations beyond which no share of clients makes a step coarser: what is held back for longer comes too late.
    const double MostOfUpdates = 5.5;

    // The share of the clients in a round that the factors were chosen with.
    const double UsualShare = 0.1;

    // Shares of energy, for a point, where nothing is known of either.
    const double ShareOfUpdates = 0.04;
    const double ShareOfModels = 1;
    const double MostShare = 0.9;

    // Finer differences of an update's step change neither error nor bytes by a hundredth.
    const int StepsOfUpdates = StepSearch.Octave / 8;

    /// <summary>A dead zone for what may be lost.</summary>
    /// <param name="loss">Points of accuracy, above 0 and at most 5.</param>
    /// <exception cref="ArgumentOutOfRangeException">The loss is out of its range.</exception>
    public Auto(double loss = DefaultLoss)
        : base(StepRule.Nmse, 0.5, exact: true)
    {
        if (!IsValid(loss))
            throw new ArgumentOutOfRangeException(nameof(loss), loss, Range);
        Loss = loss;
    }

    /// <summary>Points of accuracy that may be lost.</summary>
    public double Loss { get; }

    static string INotated<Auto>.Word => "auto";

    /// <inheritdoc/>
    public override string Keyword => "auto";

    private protected override IEnumerable<string> Arguments =>
        Loss == DefaultLoss ? [] : [Loss.ToString(CultureInfo.InvariantCulture) + Suffix];

    internal override bool TellsRoles => true;

    internal override QuantizeStage? ForSums => new DeadZone(StepRule.Grid, 0, exact: true);

    static string Range => $"It must be above 0 and at most {MostLoss} points.";

    static Auto INotated<Auto>.Parse(LineArguments arguments)
    {
        if (arguments.Positional("points of accuracy that may be lost") is not { } argument)
            return new Auto();
        if (!argument.Text.EndsWith(Suffix, StringComparison.Ordinal))
            throw arguments.Error(argument.Column, $"'{argument.Text}' must end in {Suffix}, such as auto(0.5pt)");
        double loss = arguments.Number(argument, argument.Text[..^Suffix.Length]);
        return IsValid(loss) ? new Auto(loss) : throw arguments.Error(argument.Column, $"'{argument.Text}' is out of range. {Range}");
    }

    static bool IsValid(double loss) => loss is > 0 and <= MostLoss;

    /// <summary>The step of an update.</summary>
    /// <param name="spread">The standard deviation of a value between updates.</param>
    /// <param name="share">Of the clients, those in a round, where feedback makes up for what a step leaves; 0 elsewhere.</param>
    /// <param name="factor">How many times coarser it is than what may be lost says.</param>
    internal float StepOfUpdate(double spread, double share, double factor)
    {
        // Fewer than usual send no finer updates: each holds nothing back yet when it takes part for the first time.
        double usual = Loss * OfUpdates, shared = Math.Min(usual * Math.Sqrt(share / UsualShare), MostOfUpdates);
        return GridOf(Math.Clamp(factor * Math.Max(usual, shared) * spread, SmallestStep, LargestStep)).Step;
    }

    /// <summary>The step between versions of a model.</summary>
    /// <param name="spread">The standard deviation of a value between updates.</param>
    /// <param name="updates">How many of them a version is the mean of.</param>
    /// <param name="factor">How many times coarser it is than what may be lost says.</param>
    internal float StepOfModel(double spread, int updates, double factor) => PowersOfTwo.Nearest(
        Math.Clamp(factor * Loss * OfModels * spread / Math.Sqrt(Math.Max(1, updates)), SmallestStep, LargestStep));

    /// <summary>What the step is searched for where it is not said.</summary>
    /// <param name="isModel">Whether what is encoded is the next version of something that both ends hold.</param>
    internal StepTarget TargetFor(bool isModel) =>
        new(BudgetUnit.Nmse, Math.Min(MostShare, Loss * (isModel ? ShareOfModels : ShareOfUpdates)))
        { Resolution = isModel ? StepSearch.Octave : StepsOfUpdates };
}
