using Plume.Compression.Codecs.Allocate;
using Plume.Compression.Codecs.Code;
using Plume.Compression.Codecs.Code.Entropy;
using Plume.Compression.Codecs.Quantize;
using Plume.Compression.Codecs.Quantize.Floats;
using Plume.Compression.Codecs.Select;
using Plume.Compression.Codecs.Transform;
using Plume.Compression.Lines;

namespace Plume.Compression.Codecs;

/// <summary>Reads a codec's line of text. Every error names the place, what stands there, and what may.</summary>
static class Notation
{
    const string Subject = "Codec";

    delegate Stage Reader(LineArguments arguments);

    // In the order of the kinds, which is the order in which an error lists them.
    static readonly (string Word, StageKind Kind, Reader Read)[] Catalogue =
    [
        Entry<Feedback>(StageKind.Remember),
        Entry<Delta>(StageKind.Transform),
        Entry<Clip>(StageKind.Transform),
        Entry<Rotate>(StageKind.Transform),
        Entry<LowRank>(StageKind.Transform),
        Entry<TopK>(StageKind.Select),
        Entry<RandomK>(StageKind.Select),
        Entry<Threshold>(StageKind.Select),
        Entry<Mask>(StageKind.Select),
        Entry<GroupPattern>(StageKind.Select),
        Entry<Budget>(StageKind.Allocate),
        Entry<Uniform>(StageKind.Quantize),
        Entry<DeadZone>(StageKind.Quantize),
        Entry<Auto>(StageKind.Quantize),
        Entry<Ternary>(StageKind.Quantize),
        Entry<Sign>(StageKind.Quantize),
        Entry<Lloyd>(StageKind.Quantize),
        Entry<NormalFloat>(StageKind.Quantize),
        Entry<HalfFloat>(StageKind.Quantize),
        Entry<BrainFloat>(StageKind.Quantize),
        Entry<Float8>(StageKind.Quantize),
        Entry<Pack>(StageKind.Code),
        Entry<Rans>(StageKind.Code),
        Entry<RangeCode>(StageKind.Code),
        Entry<Zstd>(StageKind.Code),
        Entry<Secure>(StageKind.Code),
    ];

    /// <summary>The words of all stages, in the order in which they may stand.</summary>
    public static IEnumerable<string> Words => Catalogue.Select(entry => entry.Word);

    /// <summary>The stages of the line, checked one by one and in their order.</summary>
    public static List<Stage> Parse(string text)
    {
        var stages = new List<Stage>();
        var reached = StageKind.Remember;
        foreach (var word in Line.Read(Subject, text))
        {
            var stage = Parse(text, word);
            bool onKept = stages.Count > 0 && stage is Rotate && stages[^1] is SelectStage { Positions: PositionCoding.Known };
            if (stages.Count > 0 && !onKept && !MayFollow(reached, stage.Kind))
                throw Error(text, word.Column,
                    $"'{stage.Keyword}' cannot stand after '{stages[^1].Keyword}'; there may stand {WordsAfter(reached)}");
            reached = onKept ? reached : stage.Kind;
            stages.Add(stage);
        }

        if (stages[^1].Kind != StageKind.Code)
            throw Error(text, text.Length + 1, $"nothing turns the values into bytes; add {WordsOf(StageKind.Code)} at the end");
        return stages;
    }

    public static FormatException Error(string codec, int column, string problem) =>
        Line.Error(Subject, codec, column, problem);

    static (string, StageKind, Reader) Entry<TStage>(StageKind kind) where TStage : Stage, INotated<TStage> =>
        (TStage.Word, kind, TStage.Parse);

    // Several transforms may follow one another; of every other kind there is at most one.
    static bool MayFollow(StageKind left, StageKind right) => right > left || (right == left && right == StageKind.Transform);

    /// <summary>What may stand after a stage of a kind, but for one word.</summary>
    public static string WordsAfter(StageKind kind, string except = "") => kind == StageKind.Code
        ? "nothing"
        : string.Join(", ", Catalogue.Where(entry => MayFollow(kind, entry.Kind) && entry.Word != except)
            .Select(entry => entry.Word));

    static string WordsOf(StageKind kind) =>
        string.Join(", ", Catalogue.Where(entry => entry.Kind == kind).Select(entry => entry.Word));

    static Stage Parse(string text, LineWord word)
    {
        var entry = Array.Find(Catalogue, candidate => candidate.Word == word.Word);
        if (entry.Read is null)
            throw Error(text, word.Column, word.Word.Length == 0 ? "a stage is missing here"
                : $"'{word.Word}' is not a stage; known are {string.Join(", ", Words)}");
        var stage = entry.Read(word.Arguments);
        word.Arguments.End();
        return stage;
    }
}
