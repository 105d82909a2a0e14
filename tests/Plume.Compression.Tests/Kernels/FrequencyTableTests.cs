using Plume.Compression.Kernels;
using Plume.Compression.Kernels.Bits;
using Plume.Compression.Kernels.RansCoding;
using Plume.Compression.Randomness;
using Plume.Compression.Wire;

namespace Plume.Compression.Tests.Kernels;

public class FrequencyTableTests
{
    static readonly SymbolTokens Nibbles = new(4, 7), Bytes = new(8, 127), Wide = new(14, 8191);

    static readonly (string Name, TableAlphabet Alphabet)[] Alphabets =
    [
        ("gaps", new(GapToken.Alphabet, TokenShape.OfGaps(), false)), ("15 levels", new(Nibbles.Alphabet, Nibbles.Shape, false)),
        ("15 levels in pairs", new(Nibbles.Alphabet, Nibbles.PairShape, false)),
        ("255 levels", new(Bytes.Alphabet, Bytes.Shape, false)),
        ("wide", new(Wide.Alphabet, Wide.Shape, false)), ("signs", new(2, TokenShape.OfSignedMagnitudes(2), false)),
        ("bytes", new(256, null, true)),
    ];

    public static TheoryData<string, int> Cases
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var (name, _) in Alphabets)
            {
                foreach (int tokens in new[] { 0, 1, 30, 1000, 1_000_000 })
                    data.Add(name, tokens);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_table_is_read_as_it_was_written_and_costs_what_was_reckoned(string name, int tokens)
    {
        var alphabet = Alphabets.Single(entry => entry.Name == name).Alphabet;
        for (ulong seed = 0; seed < 20; seed++)
        {
            int[] counts = Counts(alphabet, tokens, seed);
            var encoding = Encoding(counts, alphabet, out byte[] bytes);
            var decoding = Decoding(bytes, alphabet);
            Assert.Equal(encoding.Frequency, decoding.Frequency);
            Assert.Equal((encoding.IsRaw, encoding.IsConstant, encoding.MeanCost),
                (decoding.IsRaw, decoding.IsConstant, decoding.MeanCost));
            var fit = TableFit.Best(counts, alphabet);
            Assert.True(fit.Cost <= TableFit.Quick(counts, alphabet).Cost);
            if (encoding.IsRaw)
                continue;
            Assert.Equal(FrequencyTable.Total, encoding.Frequency.ToArray().Sum(frequency => frequency));
            Assert.All(Enumerable.Range(0, 256), token => Assert.True(counts[token] == 0 || encoding.Frequency[token] > 0));
            long bits = (fit.Cost - Shares.CostOf(counts, encoding.Frequency)) >> Information.FractionBits;
            Assert.InRange(bytes.Length, bits / 8, (bits + 7) / 8);
        }
    }

    [Fact]
    public void Geometric_counts_get_a_table_of_four_bytes_within_a_thousandth_of_their_entropy()
    {
        var draws = new RandomDraws(Some.Key(3));
        foreach (double mean in new[] { 0.3, 2, 17, 400 })
        {
            var counts = new int[256];
            for (int i = 0; i < 100_000; i++)
                counts[GapToken.Of(Math.Min(65_535, (int)(Math.Log(1 - draws.NextDouble()) / Math.Log(mean / (1 + mean)))))]++;
            var alphabet = Alphabets[0].Alphabet;
            var fit = TableFit.Best(counts, alphabet);
            Encoding(counts, alphabet, out byte[] bytes);
            double entropy = counts.Where(count => count > 0).Sum(count => -count * Math.Log2(count / 100_000.0));
            Assert.Equal(TableKind.Geometric, fit.Form.Kind);
            Assert.InRange(bytes.Length, 1, 4);
            Assert.InRange((double)fit.Cost / (1 << Information.FractionBits), entropy * 0.999, entropy * 1.003);
        }
    }

    [Fact]
    public void Bytes_that_are_alike_are_coded_and_noise_is_not()
    {
        var alphabet = Alphabets[^1].Alphabet;
        var noise = new int[256];
        Array.Fill(noise, 100);
        Assert.True(Encoding(noise, alphabet, out _).IsRaw);
        var alike = new int[256];
        alike[77] = 50;
        var table = Encoding(alike, alphabet, out _);
        Assert.True(table is { IsRaw: false, IsConstant: true, Constant: 77, MeanCost: 0 });
    }

    [Fact]
    public void Any_bytes_are_a_table_or_are_refused()
    {
        var draws = new RandomDraws(Some.Key(9));
        int read = 0;
        for (int attempt = 0; attempt < 30_000; attempt++)
        {
            var alphabet = Alphabets[attempt % Alphabets.Length].Alphabet;
            byte[] bytes = new byte[draws.NextInt(60)];
            foreach (ref byte value in bytes.AsSpan())
                value = (byte)(draws.NextInt(256) & draws.NextInt(256));
            try
            {
                var table = new FrequencyTable();
                var bits = new BitReader(bytes, "table");
                table.Read(ref bits, alphabet);
                read++;
                Assert.Equal(table.IsRaw ? 0 : FrequencyTable.Total, table.Frequency.ToArray().Sum(frequency => frequency));
                Assert.InRange(table.Alphabet, 0, alphabet.Size);
            }
            catch (InvalidPayloadException)
            {
            }
        }

        Assert.InRange(read, 100, 29_900);
    }

    [Fact]
    public void A_cost_is_the_logarithm()
    {
        for (int frequency = 1; frequency <= FrequencyTable.Total; frequency++)
            Assert.Equal(12 - Math.Log2(frequency), Information.OfShare(frequency) / 65536.0, 2.0 / 65536);
    }

    internal static FrequencyTable Encoding(int[] counts, TableAlphabet alphabet, out byte[] bytes)
    {
        var form = TableFit.Best(counts, alphabet).Form;
        var output = new PayloadWriter();
        var bits = new BitWriter(output);
        form.Write(ref bits, counts, alphabet);
        bits.Flush();
        bytes = output.Written.ToArray();
        var table = new FrequencyTable();
        table.Set(form, counts, alphabet);
        return table;
    }

    internal static FrequencyTable Decoding(byte[] bytes, TableAlphabet alphabet)
    {
        var table = new FrequencyTable();
        var bits = new BitReader(bytes, "table");
        table.Read(ref bits, alphabet);
        Assert.Equal(bytes.Length, bits.End());
        return table;
    }

    static int[] Counts(TableAlphabet alphabet, int tokens, ulong seed)
    {
        var draws = new RandomDraws(Some.Key(seed));
        var counts = new int[256];
        double[] weights = [.. Enumerable.Range(0, alphabet.Size).Select(_ => Math.Pow(draws.NextDouble(), seed % 12))];
        for (int token = 0; token < alphabet.Size && tokens > 0; token++)
        {
            if (alphabet.Shape is not { Peak: < 0 } shape || shape.ClassOf[token] >= 0)
                counts[token] = (int)(weights[token] / weights.Sum() * tokens);
        }

        return counts;
    }
}
