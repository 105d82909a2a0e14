using Plume.Compression.Wire;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>How the values stand in a payload.</summary>
enum PayloadForm : byte
{
    /// <summary>As the codec's stages code them; version 2 knows no other.</summary>
    Coded = 0,

    /// <summary>As 32-bit floats, all of them: they cost less so, or no level could hold them.</summary>
    Floats = 1,

    /// <summary>As coded, but for some that stand apart: no level could hold those.</summary>
    WithOutliers = 2,
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
    const byte NewestVersion = 3;

    /// <summary>Bytes of a header with a form.</summary>
    public const int LongestLength = 6;

    public static void Write(CodecPlan plan, PayloadForm form, PayloadWriter output)
    {
        output.UInt8(form == PayloadForm.Coded ? PlainVersion : NewestVersion);
        output.UInt32(plan.Tag);
        if (form != PayloadForm.Coded)
            output.UInt8((byte)form);
    }

    public static PayloadForm Read(CodecPlan plan, ref PayloadReader input)
    {
        byte version = input.UInt8("version");
        if (version is < PlainVersion or > NewestVersion)
            throw InvalidPayloadException.Field("version", 0, version, version > NewestVersion
                ? $"must be {PlainVersion} or {NewestVersion}: a newer Plume wrote it, and that one is needed to read it"
                : $"must be {PlainVersion} or {NewestVersion}: no released Plume wrote another");
        uint tag = input.UInt32("codec tag");
        if (tag != plan.Tag)
            throw InvalidPayloadException.Field("codec tag", 1, tag.ToString("x8"),
                $"must be {plan.Tag:x8}, that of '{plan.Codec}' and this layout of {plan.Layout.Length} values");
        if (version == PlainVersion)
            return PayloadForm.Coded;
        byte form = input.UInt8("form");
        return form is (byte)PayloadForm.Floats or (byte)PayloadForm.WithOutliers
            ? (PayloadForm)form
            : throw InvalidPayloadException.Field("form", input.Offset - 1, form,
                $"must be {(byte)PayloadForm.Floats} or {(byte)PayloadForm.WithOutliers}");
    }
}
