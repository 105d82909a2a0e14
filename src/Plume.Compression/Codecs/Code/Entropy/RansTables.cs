using Plume.Compression.Codecs.Pipeline;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.RansCoding;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Code.Entropy;

/// <summary>The tables of a payload: of gaps, and of symbols for parts in either form.</summary>
/// <param name="symbols">How symbols become tokens.</param>
/// <param name="choosesForm">Whether dense parts may be in pairs.</param>
/// <param name="codesGaps">Whether positions of kept values are sent as gaps.</param>
sealed class RansTables(RansSymbols symbols, bool choosesForm, bool codesGaps)
{
    const int FormBits = 2;

    readonly TableSet gaps =
        new(new TableAlphabet(GapToken.Alphabet, TokenShape.OfGaps(), MayBeRaw: false), RansPart.Gaps, inPairs: true);
    readonly TableSet[] plain = Sets(symbols, inPairs: false);
    readonly TableSet[] pairs = Sets(symbols, inPairs: true);
    readonly List<RansPart> parts = [];

    /// <summary>Whether some parts are in plain form.</summary>
    public bool SomePlain { get; private set; } = !codesGaps;

    /// <summary>Whether some parts are in pairs.</summary>
    public bool SomeInPairs { get; private set; } = codesGaps;

    /// <summary>Runs of tokens that a part has.</summary>
    public int Runs(RansPart part) => symbols.Runs + (part.InPairs ? 1 : 0);

    /// <summary>The table of one of a part's runs.</summary>
    public FrequencyTable Of(RansPart part, int run) => Set(part, run).Of(part);

    /// <summary>Fits tables to all parts and writes them.</summary>
    public void Write(Block[] blocks, PayloadWriter output)
    {
        parts.Clear();
        foreach (var block in blocks)
            parts.AddRange(block.Rans.Parts);
        var bits = new BitWriter(output);
        if (choosesForm)
        {
            SomePlain = parts.Exists(static part => !part.InPairs);
            SomeInPairs = parts.Exists(static part => part.InPairs);
            bits.Write((SomePlain ? 1u : 0) | (SomeInPairs ? 2u : 0), FormBits);
        }

        for (int run = 0; SomePlain && run < plain.Length; run++)
            plain[run].Write(ref bits, parts);
        if (SomeInPairs)
            gaps.Write(ref bits, parts);
        for (int run = 0; SomeInPairs && run < pairs.Length; run++)
            pairs[run].Write(ref bits, parts);
        bits.Flush();
    }

    /// <exception cref="InvalidPayloadException">A field breaks its rule.</exception>
    public void Read(ref PayloadReader input, Block[] blocks)
    {
        var bits = new BitReader(input.Rest, "tables");
        if (choosesForm)
        {
            int forms = (int)bits.Read(FormBits);
            if (forms == 0)
                throw InvalidPayloadException.Field("forms", input.Offset, forms, "must be 1, 2 or 3");
            (SomePlain, SomeInPairs) = ((forms & 1) != 0, (forms & 2) != 0);
        }

        int most = Math.Min(blocks.Length * RowGroups.MaxGroups, Math.Max(TableSet.MostByLevel, blocks[^1].Plan.TensorIndex + 1));
        for (int run = 0; SomePlain && run < plain.Length; run++)
            plain[run].Read(ref bits, most);
        if (SomeInPairs)
            gaps.Read(ref bits, most);
        for (int run = 0; SomeInPairs && run < pairs.Length; run++)
            pairs[run].Read(ref bits, most);
        input.Bytes(bits.End(), "tables");
    }

    /// <summary>Writes which tables a part uses.</summary>
    public void WriteNumbers(ref BitWriter output, RansPart part)
    {
        for (int run = 0; run < Runs(part); run++)
            Set(part, run).WriteNumber(ref output, part);
    }

    /// <exception cref="InvalidPayloadException">There is no such table.</exception>
    public void ReadNumbers(ref BitReader input, RansPart part)
    {
        for (int run = 0; run < Runs(part); run++)
            Set(part, run).ReadNumber(ref input, part);
    }

    TableSet Set(RansPart part, int run)
    {
        if (!part.InPairs)
            return plain[run];
        return run == 0 ? gaps : pairs[run - 1];
    }

    static TableSet[] Sets(RansSymbols symbols, bool inPairs) =>
        [.. Enumerable.Range(0, symbols.Runs).Select(run => new TableSet(symbols.Alphabet(run, inPairs), 1 + run, inPairs))];
}
