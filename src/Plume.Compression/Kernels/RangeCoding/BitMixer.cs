using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>
/// Predicts a bit from four counters, each of them chosen by another context: their log odds are added with weights that
/// are learned as coding goes on. The same on every machine: whole numbers, and single float operations without sums
/// across a vector.
/// </summary>
/// <remarks>
/// A counter is a probability p and how often it was asked, n: p moves towards what came by 1 / (n + 1.6) of the way, so
/// that it learns fast at first; n stops at a thousand. A counter never asked before takes the first one's probability.
/// Both are floats, p in the lower half of 64 bits: [p, n] four times is one vector.
/// Source: Mahoney, "Adaptive weighing of context models for lossless data compression", Florida Tech. TR CS-2005-16.
/// </remarks>
sealed class BitMixer(int counterCount, int weightSets)
{
    const float MostAsked = 1000;
    const int WeightBits = 14;
    const int LargestWeight = 4 << WeightBits;
    const int FirstWeight = (int)(0.26 * (1 << WeightBits));
    const int FirstRateShift = 15;
    const int LastRateShift = 20;

    readonly long[] counters = new long[counterCount];
    readonly int[] weights = new int[4 * weightSets];
    readonly short[] stretch = LogisticTables.Stretch;
    readonly ushort[] squash = LogisticTables.Squash;
    int rateShift;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        counters.AsSpan().Clear();
        weights.AsSpan().Fill(FirstWeight);
        rateShift = FirstRateShift;
    }

    /// <summary>Lets the weights settle: the more was coded, the less each bit moves them.</summary>
    public void Settle(long coded) =>
        rateShift = Math.Clamp(BitOperations.Log2((ulong)coded | 1) + 1, FirstRateShift, LastRateShift);

    /// <summary>Sets a counter that was never asked.</summary>
    public void Start(int counter, float probability) => counters[counter] = BitConverter.SingleToUInt32Bits(probability);

    /// <summary>Predicts the next bit; nothing changes until it is learned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Predict(out BitPrediction prediction, int weightSet, int general, int second, int third, int fourth)
    {
        ref long counter = ref MemoryMarshal.GetArrayDataReference(counters);
        long a = Unsafe.Add(ref counter, general), b = Unsafe.Add(ref counter, second), c = Unsafe.Add(ref counter, third),
            d = Unsafe.Add(ref counter, fourth);
        if (b == 0 || c == 0 || d == 0)
        {
            long fresh = (uint)a;
            b = b == 0 ? fresh : b;
            c = c == 0 ? fresh : c;
            d = d == 0 ? fresh : d;
        }

        prediction.General = general;
        prediction.Second = second;
        prediction.Third = third;
        prediction.Fourth = fourth;
        prediction.Weights = 4 * weightSet;
        prediction.Counters = Vector256.Create(a, b, c, d).AsSingle();
        prediction.Odds = Vector128.Create(Odds(a), Odds(b), Odds(c), Odds(d));
        int sum = Vector128.Sum(Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(weights), (nuint)prediction.Weights)
            * prediction.Odds) >> WeightBits;
        sum = Math.Clamp(sum, -LogisticTables.Limit, LogisticTables.Limit);
        prediction.Probability = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(squash), sum + LogisticTables.Limit);
    }

    /// <summary>Learns the bit that was predicted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Learn(in BitPrediction prediction, int bit)
    {
        int error = (bit << 16) - prediction.Probability;
        ref int weight = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(weights), prediction.Weights);
        var moved = Vector128.LoadUnsafe(ref weight)
            + ((prediction.Odds * error + Vector128.Create(1 << (rateShift - 1))) >> rateShift);
        Vector128.Clamp(moved, Vector128.Create(-LargestWeight), Vector128.Create(LargestWeight)).StoreUnsafe(ref weight);

        var target = Vector256.Create(bit != 0 ? LogisticTables.MostLikely : LogisticTables.LeastLikely);
        var asked = Vector256.Shuffle(prediction.Counters, Vector256.Create(1, 1, 3, 3, 5, 5, 7, 7));
        var nearer = prediction.Counters + (target - prediction.Counters) / (asked + Vector256.Create(1.6f));
        var more = Vector256.Min(prediction.Counters + Vector256.Create(1f), Vector256.Create(MostAsked));
        var learned = Vector256.ConditionalSelect(Vector256.Create(-1, 0, -1, 0, -1, 0, -1, 0).AsSingle(), nearer, more)
            .AsInt64();
        ref long counter = ref MemoryMarshal.GetArrayDataReference(counters);
        Unsafe.Add(ref counter, prediction.General) = learned[0];
        Unsafe.Add(ref counter, prediction.Second) = learned[1];
        Unsafe.Add(ref counter, prediction.Third) = learned[2];
        Unsafe.Add(ref counter, prediction.Fourth) = learned[3];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int Odds(long counter) =>
        Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(stretch),
            ((uint)counter >> LogisticTables.StretchShift) - LogisticTables.FirstStretch);
}

/// <summary>A prediction, and what it was made of.</summary>
struct BitPrediction
{
    /// <summary>That the bit is 1, in 65536ths, 1 to 65,535.</summary>
    public int Probability;

    /// <summary>Where the counters are.</summary>
    public int General, Second, Third, Fourth;

    /// <summary>Where the weights are.</summary>
    public int Weights;

    /// <summary>The counters as they were.</summary>
    public Vector256<float> Counters;

    /// <summary>Their log odds.</summary>
    public Vector128<int> Odds;
}
