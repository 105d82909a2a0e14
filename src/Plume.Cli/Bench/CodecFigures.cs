using System.Text.Json.Serialization;

namespace Plume.Cli.Bench;

/// <summary>What one codec does to one file: an object of <c>plume bench codec --json</c>.</summary>
/// <param name="File">The file, or the distribution.</param>
/// <param name="Codec">The codec's line.</param>
/// <param name="Values">Number of values.</param>
/// <param name="Bytes">Bytes of the payload, with everything.</param>
/// <param name="BitsPerParameter">Bits of the payload over values.</param>
/// <param name="Nmse">Squared error over squared values.</param>
/// <param name="EncodeGBs">Speed of encoding, in 10^9 bytes of 32-bit floats a second.</param>
/// <param name="DecodeGBs">Speed of decoding.</param>
/// <param name="AddGBs">Speed of decoding into a sum; null for a codec that makes no sense in a sum, or values too large for
/// one.</param>
sealed record CodecFigures(string File, string Codec, long Values, long Bytes, double BitsPerParameter, double Nmse,
    double EncodeGBs, double DecodeGBs, double? AddGBs)
{
    /// <summary>
    /// One codec over several files: means of values, bytes, bits per parameter and NMSE, every file counting alike; the
    /// speeds are those of going through all files.
    /// </summary>
    public static CodecFigures Mean(string name, IReadOnlyList<CodecFigures> files) => new(
        name,
        files[0].Codec,
        (long)Math.Round(files.Average(file => file.Values)),
        (long)Math.Round(files.Average(file => file.Bytes)),
        files.Average(file => file.BitsPerParameter),
        files.Average(file => file.Nmse),
        Speed(files, file => file.EncodeGBs)!.Value,
        Speed(files, file => file.DecodeGBs)!.Value,
        Speed(files, file => file.AddGBs));

    static double? Speed(IReadOnlyList<CodecFigures> files, Func<CodecFigures, double?> speed) =>
        files.Sum(file => file.Values) / files.Aggregate((double?)0, (time, file) => time + file.Values / speed(file));
}

/// <summary>How figures print: generated, so that starting the program looks nothing up by reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IReadOnlyList<CodecFigures>))]
[JsonSerializable(typeof(SecureFigures))]
sealed partial class BenchJson : JsonSerializerContext;
