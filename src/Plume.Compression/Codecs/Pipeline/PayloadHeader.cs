using Plume.Compression.Codecs.Code;
using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>How the values stand in a payload.</summary>
[Flags]
enum PayloadForm : byte
{
    /// <summary>As the codec's stages code them; version 2 knows no other.</summary>
    Coded = 0,

    /// <summary>As 32-bit floats, all of them: they cost less so, or no level could hold them.</summary>
    Floats = 1,

    /// <summary>As coded, but for some that stand apart: no level could hold those.</summary>
    WithOutliers = 2,

    /// <summary>As coded, by the range coder's model for long runs.</summary>
    LongRuns = 4,

    /// <summary>As coded, by the range coder's model for long runs whose rows are coded side by side.</summary>
    Wavefront = 8,

    /// <summary>As coded, and each matrix times a factor of its own.</summary>
    Gains = 16,

    /// <summary>As coded, and running statistics in few bits each.</summary>
    Statistics = 32,

    /// <summary>As coded, and normalizations in finer steps.</summary>
    FineNormalizations = 64,
}

/// <summary>
/// The bytes before every payload: its version, the mark of the codec and layout it was made for, and its form. The version
/// is the lowest that has the form, so that older programs read what they can.
/// </summary>
static class PayloadHeader
{
    /// <summary>Without a form. Version 1 never left its authors.</summary>
    const byte PlainVersion = 2;

    /// <summary>With a form.</summary>
    const byte FormVersion = 3;

    /// <summary>With a form that has long runs.</summary>
    const byte LongRunVersion = 4;

    /// <summary>With a form whose rows are coded side by side.</summary>
    const byte WavefrontVersion = 5;

    /// <summary>With a form that has gains.</summary>
    const byte GainsVersion = 6;

    /// <summary>With a form that has statistics in few bits, or finer normalizations.</summary>
    const byte NewestVersion = 7;

    const PayloadForm LongRuns = PayloadForm.LongRuns | PayloadForm.Wavefront;
    const PayloadForm ByRole = PayloadForm.Statistics | PayloadForm.FineNormalizations;

    // Those that may stand beside one another; floats stand alone.
    const PayloadForm Known = PayloadForm.WithOutliers | LongRuns | PayloadForm.Gains | ByRole;

    /// <summary>Bytes of a header with a form.</summary>
    public const int LongestLength = 6;

    public static void Write(CodecPlan plan, PayloadForm form, PayloadWriter output)
    {
        output.UInt8(form == PayloadForm.Coded ? PlainVersion : VersionOf(form));
        output.UInt32(plan.Tag);
        if (form != PayloadForm.Coded)
            output.UInt8((byte)form);
    }

    public static PayloadForm Read(CodecPlan plan, ref PayloadReader input)
    {
        byte version = input.UInt8("version");
        if (version is < PlainVersion or > NewestVersion)
            throw InvalidPayloadException.Field("version", 0, version, version > NewestVersion
                ? $"must be {PlainVersion} to {NewestVersion}: a newer Plume wrote it, and that one is needed to read it"
                : $"must be {PlainVersion} to {NewestVersion}: no released Plume wrote another");
        uint tag = input.UInt32("codec tag");
        if (tag != plan.Tag)
            throw InvalidPayloadException.Field("codec tag", 1, tag.ToString("x8"),
                $"must be {plan.Tag:x8}, that of '{plan.Codec}' and this layout of {plan.Layout.Length} values");
        if (version == PlainVersion)
            return PayloadForm.Coded;
        var form = (PayloadForm)input.UInt8("form");
        return IsKnown(version, form, plan) ? form : throw Unknown(version, form, plan, input.Offset - 1);
    }

    static byte VersionOf(PayloadForm form) => (form & ByRole) != 0 ? NewestVersion
        : form.HasFlag(PayloadForm.Gains) ? GainsVersion
        : form.HasFlag(PayloadForm.Wavefront) ? WavefrontVersion
        : form.HasFlag(PayloadForm.LongRuns) ? LongRunVersion : FormVersion;

    static bool IsKnown(byte version, PayloadForm form, CodecPlan plan)
    {
        if (form == PayloadForm.Coded || VersionOf(form) != version)
            return false;
        return form == PayloadForm.Floats || (form & ~Known) == 0 && (form & LongRuns) != LongRuns
            && ((form & LongRuns) == 0 || plan.Codec.Coder is RangeCode)
            && (!form.HasFlag(PayloadForm.Gains) || !form.HasFlag(PayloadForm.LongRuns) && TensorGains.AreFor(plan.Codec))
            && (form & ByRole & ~plan.ByRole) == 0;
    }

    static InvalidPayloadException Unknown(byte version, PayloadForm form, CodecPlan plan, int offset)
    {
        int[] known = [.. Enumerable.Range(0, 2 * (int)PayloadForm.FineNormalizations)
            .Where(other => IsKnown(version, (PayloadForm)other, plan))];
        return InvalidPayloadException.Field("form", offset, (byte)form, known.Length == 0
            ? $"must not be there: '{plan.Codec}' has no payloads of version {version}"
            : $"must be {string.Join(" or ", known)} in version {version} of '{plan.Codec}'");
    }
}
