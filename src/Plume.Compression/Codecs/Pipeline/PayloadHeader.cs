using Plume.Compression.Container;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>The five bytes before every payload: its version, and the mark of the codec and layout it was made for.</summary>
static class PayloadHeader
{
    /// <summary>Version 1 never left its authors.</summary>
    public const byte Version = 2;

    public static void Write(CodecPlan plan, PayloadWriter output)
    {
        output.UInt8(Version);
        output.UInt32(plan.Tag);
    }

    public static void Read(CodecPlan plan, ref PayloadReader input)
    {
        byte version = input.UInt8("version");
        if (version != Version)
            throw InvalidPayloadException.Field("version", 0, version, version > Version
                ? $"must be {Version}: a newer Plume wrote it, and that one is needed to read it"
                : $"must be {Version}: no released Plume wrote another");
        uint tag = input.UInt32("codec tag");
        if (tag != plan.Tag)
            throw InvalidPayloadException.Field("codec tag", 1, tag.ToString("x8"), $"must be {plan.Tag:x8}, that of '{plan.Codec}' and this layout of {plan.Layout.Length} values");
    }
}
