using Plume.Compression.Container;

namespace Plume.Compression.Codecs.Pipeline;

/// <summary>The five bytes before every payload: its version, and the mark of the codec and layout it was made for.</summary>
static class PayloadHeader
{
    public const byte Version = 1;

    public static void Write(CodecPlan plan, PayloadWriter output)
    {
        output.UInt8(Version);
        output.UInt32(plan.Tag);
    }

    public static void Read(CodecPlan plan, ref PayloadReader input)
    {
        byte version = input.UInt8("version");
        if (version != Version)
            throw InvalidPayloadException.Field("version", 0, version, $"must be {Version}: this program reads no other");
        uint tag = input.UInt32("codec tag");
        if (tag != plan.Tag)
            throw InvalidPayloadException.Field("codec tag", 1, tag.ToString("x8"), $"must be {plan.Tag:x8}, that of '{plan.Codec}' and this layout of {plan.Layout.Length} values");
    }
}
