using Plume.Compression.Lines;
using Plume.Federation.Methods;
using Plume.Federation.Methods.Exchanges;
using Plume.Federation.Methods.Partial;
using Plume.Federation.Notation;
using Plume.Models.Graph;

namespace Plume.Learning.Shipping;

/// <summary>
/// What becomes of a federation's last model, in one line: <c>channels(50%) | finetune(epochs=2) | quantize(8)</c>.
/// </summary>
/// <remarks>
/// Channels go first, then connections, bits last: each step works on what the one before left, and what follows must not undo
/// it. A student that is distilled stands at the beginning, since it is another model; <c>finetune</c> may follow whatever took
/// something away.
/// </remarks>
/// <param name="Steps">The steps; none leaves the model as it is.</param>
public sealed record ShipsLine(IReadOnlyList<ShipStep> Steps)
{
    const string Subject = "Ships";

    static readonly (string Word, Func<LineArguments, ShipStep> Read)[] Catalogue =
    [
        (ShipStudent.Keyword, ShipStudent.Parse),
        (ShipChannels.Keyword, ShipChannels.Parse),
        (ShipConnections.Keyword, ShipConnections.Parse),
        (ShipBits.Keyword, ShipBits.Parse),
        (ShipTuning.Keyword, ShipTuning.Parse),
    ];

    /// <summary>The words that may stand in a line.</summary>
    public static IEnumerable<string> Words => Catalogue.Select(entry => entry.Word);

    /// <summary>Whether a step learns, for which it needs samples that are public.</summary>
    public bool Learns => Steps.Any(step => step.Learns);

    /// <summary>Where the public samples come from, in words for whoever loads them; null where the line does not say.</summary>
    public string? Public => Steps.Select(step => step.Public).FirstOrDefault(source => source is not null);

    /// <summary>Whether two weights of few bits share a byte.</summary>
    public bool IsPacked => Steps.OfType<ShipBits>().Any(bits => bits.IsPacked);

    /// <summary>Reads a line; printing it gives it back.</summary>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column.</exception>
    public static ShipsLine Parse(string text)
    {
        var steps = new List<ShipStep>();
        foreach (var word in Line.Read(Subject, text))
        {
            var step = Array.Find(Catalogue, entry => entry.Word == word.Word).Read?.Invoke(word.Arguments)
                ?? throw Line.Error(Subject, text, word.Column,
                    $"{(word.Word.Length == 0 ? "a word is missing here" : $"'{word.Word}' makes nothing of a model")}; known "
                        + $"are {string.Join(", ", Words)}");
            word.Arguments.End();
            if (Misplaced(steps, step) is { } problem)
                throw Line.Error(Subject, text, word.Column, problem);
            if (step.Public is { } source
                && steps.Select(earlier => earlier.Public).FirstOrDefault(known => known is not null) is { } other
                && other != source)
                throw Line.Error(Subject, text, word.Column,
                    $"'{word.Word}' learns from '{source}', and a step before from '{other}'; say it once");
            steps.Add(step);
        }

        return new ShipsLine(steps);
    }

    /// <summary>Why a model that was trained like this cannot ship like that; null where it can.</summary>
    /// <param name="training">How clients train.</param>
    /// <param name="method">By which the federation learns.</param>
    public string? Misfit(TrainingLine training, Method method)
    {
        ArgumentNullException.ThrowIfNull(training);
        if (method is Masks && Steps[0] is not ShipStudent && Steps.OfType<ShipConnections>().FirstOrDefault() is { } smallest)
            return $"'{smallest}' takes the smallest weights, but those of 'masks' have one size in a layer, and those that "
                + $"matter least are zero already: leave it out.";
        if (training.Precision is { } precision && Steps[0] is not ShipStudent)
            return $"'{Steps[0]}' cannot follow '{precision}' of the training, after which integers ship as they were trained; "
                + $"leave ships out, train in floats, or let ships begin with a student in floats, such as distill(lenet, "
                + $"public=FILE.npy).";
        if (training.Precision is not null && Steps[0] is ShipStudent { Share: not null } narrowed)
            return $"'{narrowed}' narrows the model, which has few bits by '{training.Precision}' of the training; name a "
                + $"built-in model, such as distill(lenet, public=FILE.npy).";
        if (training.Method is SparseTraining sparse && Steps[0] is not ShipStudent
            && Steps.OfType<ShipConnections>().FirstOrDefault() is { } pruning && pruning.Share <= sparse.Share)
            return $"'{pruning}' takes nothing from a model of which '{sparse}' leaves {Percentage.Print(1 - sparse.Share)}: "
                + $"prune more, or leave it out.";
        return null;
    }

    /// <summary>
    /// The same line, with its public samples in another place: at a path that does not depend on the working folder, say.
    /// </summary>
    public ShipsLine WithPublic(Func<string, string> place)
    {
        ArgumentNullException.ThrowIfNull(place);
        return new([.. Steps.Select(step => step.Public is { } source ? step.WithPublic(place(source)) : step)]);
    }

    /// <summary>
    /// Does what needs no training with a model that is not trained yet, so that what does not fit is known before the first
    /// round.
    /// </summary>
    /// <exception cref="ArgumentException">A step does not fit the model.</exception>
    public void Rehearse(ModelGraph graph, ShippingWork work)
    {
        ArgumentNullException.ThrowIfNull(work);
        Apply(graph, work with { IsRehearsal = true, Note = _ => { } });
    }

    /// <summary>
    /// Makes of a model what the line says: a graph in floats, or with fake quantization where it gives few bits.
    /// </summary>
    /// <param name="trained">The model as it was trained.</param>
    /// <param name="work">What the steps work with.</param>
    /// <exception cref="ArgumentException">A step does not fit the model.</exception>
    /// <exception cref="Training.DivergedException">A step's training diverged.</exception>
    public ModelGraph Apply(ModelGraph trained, ShippingWork work)
    {
        ArgumentNullException.ThrowIfNull(trained);
        ArgumentNullException.ThrowIfNull(work);
        if (Learns && work.Public is null)
            throw new ArgumentException(
                $"'{this}' learns, and the samples that it may learn from are missing: add public=FILE.npy, a file of samples "
                    + $"without labels.", nameof(work));
        var made = new ShippedDraft(trained, null);
        foreach (var (place, step) in Steps.Index())
            made = step.Apply(made, trained, work with { Key = work.Key.Fold((ulong)place) });
        return made.Graph;
    }

    /// <summary>The notation.</summary>
    public override string ToString() => string.Join(" | ", Steps);

    static string? Misplaced(List<ShipStep> before, ShipStep step)
    {
        if (step is ShipTuning)
            return before.LastOrDefault() is null or ShipStudent or ShipTuning
                ? $"'{step}' trains what lost something, so it follows channels, prune or "
                    + $"quantize{(before.LastOrDefault() is ShipStudent student ? $"; '{student}' is trained already, and learns longer by its epochs" : "")}"
                : null;
        if (before.FirstOrDefault(earlier => earlier.GetType() == step.GetType()) is { } twice)
            return $"'{twice}' stands there already";
        return before.FirstOrDefault(earlier => earlier is not ShipTuning && earlier.Rank > step.Rank) is { } late
            ? $"'{step}' must stand before '{late}', for it would undo it; write '{step} | {late}'"
            : null;
    }
}
