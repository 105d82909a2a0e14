using Plume.Compression.Randomness;
using Plume.Compression.Wire;
using Plume.Models.Cost;
using Plume.Models.Onnx;

namespace Plume.Models.Tests;

/// <summary>Bytes that nobody wrote in good faith: only the documented exception leaves, and memory stays bounded.</summary>
public class HostileFileTests
{
    const int Mutations = 20_000;
    const long MemoryLimit = 4 << 20;

    [Fact]
    public void A_truncated_file_is_refused_at_any_byte()
    {
        byte[] whole = OnnxFile.Write(OnnxFileTests.Tiny());
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<InvalidPayloadException>(() => OnnxFile.Read(whole.AsMemory(0, length)));
    }

    [Fact]
    public void A_mutated_file_gives_a_model_or_the_documented_exception()
    {
        byte[] whole = OnnxFile.Write(OnnxFileTests.Tiny());
        int refused = 0;
        for (int seed = 0; seed < Mutations; seed++)
        {
            byte[] mutant = Mutate(whole, new RandomDraws(RandomKey.FromSeed((ulong)seed)));
            long before = GC.GetAllocatedBytesForCurrentThread();
            refused += IsRefused(mutant) ? 1 : 0;
            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken < MemoryLimit, $"The mutant of seed {seed} took {taken} bytes.");
        }

        // Both ways must be walked: a mutation that is always refused tests only the parser.
        Assert.InRange(refused, Mutations / 10, Mutations * 9 / 10);
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        for (int seed = 0; seed < 2_000; seed++)
        {
            var draws = new RandomDraws(RandomKey.FromSeed((ulong)seed));
            byte[] noise = new byte[draws.NextInt(300)];
            for (int index = 0; index < noise.Length; index++)
                noise[index] = (byte)draws.NextBits();
            Assert.Throws<InvalidPayloadException>(() => OnnxFile.Read(noise));
        }
    }

    // A file that is read must also be safe to write and to walk.
    static bool IsRefused(byte[] bytes)
    {
        try
        {
            var graph = OnnxFile.Read(bytes);
            graph.ToWeights();
            Assert.Equal(OnnxFile.Write(graph), OnnxFile.Write(OnnxFile.Read(OnnxFile.Write(graph))));
            GraphCost.Of(graph);
            return false;
        }
        catch (InvalidPayloadException)
        {
            return true;
        }
    }

    static byte[] Mutate(byte[] whole, RandomDraws draws)
    {
        byte[] mutant = [.. whole];
        for (int change = draws.NextInt(2); change >= 0; change--)
        {
            int at = draws.NextInt(mutant.Length);
            int length = Math.Min(1 + draws.NextInt(16), mutant.Length - at);
            switch (draws.NextInt(8))
            {
                case 0:
                    mutant.AsSpan(at, length).Fill(0xFF);
                    break;
                case 1:
                    mutant = [.. mutant[..at], .. mutant[(at + length)..], 0];
                    break;
                case 2:
                    mutant = [.. mutant[..at], .. mutant[draws.NextInt(at + 1)..]];
                    break;
                case 3:
                    mutant[at] = (byte)draws.NextBits();
                    break;
                default:
                    mutant[at] ^= (byte)(1 << draws.NextInt(8));
                    break;
            }
        }

        return mutant;
    }
}
