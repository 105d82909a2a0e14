namespace Plume.Compression.Weights.Formats;

/// <summary>The element types of the safetensors format.</summary>
static class SafetensorsTypes
{
    public static IReadOnlyList<string> Known { get; } =
        ["BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "I64", "U64",
            "F64", "C64"];

    /// <summary>The format of floats that 32-bit ones stand for; none for other types, which are carried as they are.</summary>
    public static FloatFormat? FormatOf(string type) => type switch
    {
        "F32" => FloatFormat.F32,
        "F16" => FloatFormat.F16,
        "BF16" => FloatFormat.BF16,
        "F64" => FloatFormat.F64,
        _ => null,
    };

    /// <summary>Bytes of an element, or none where the type is not one of the format's.</summary>
    public static int? BytesOf(string type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E8M0" => 1,
        "I16" or "U16" or "F16" or "BF16" => 2,
        "I32" or "U32" or "F32" => 4,
        "I64" or "U64" or "F64" or "C64" => 8,
        _ => null,
    };
}
