using Plume.Compression.Kernels.RangeCoding;
using Plume.Compression.Randomness;

namespace Plume.Compression.Tests.Kernels;

public class TrellisTests
{
    // Of zero and of magnitudes, in even states and in odd ones.
    static readonly int[] Costs = [300, 500, 700, 950, 420, 380, 640, 990];

    [Fact]
    public void The_search_finds_what_trying_everything_finds()
    {
        var draws = new RandomDraws(Some.Key(3));
        var search = new TrellisSearch();
        for (int attempt = 0; attempt < 200; attempt++)
        {
            int start = draws.NextInt(Trellis.States);
            int[] values = [.. Enumerable.Range(0, 5).Select(_ => draws.NextInt(2000) - 1000 | 1)];
            search.Begin(start);
            foreach (int value in values)
                search.Add(value, Costs);
            var found = new int[values.Length];
            search.Take(found);
            Assert.Equal(Least(values, start), CostOf(values, found, start));
        }
    }

    [Fact]
    public void Half_steps_are_those_of_the_states()
    {
        int[] levels = [1, -1, 0, 3, 2, -2, 1, 1, 0, -5];
        int[] halves = [.. levels];
        Trellis.ToHalfSteps(halves);
        int state = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            Assert.Equal(2 * levels[i] - (state % 2 == 1 ? Math.Sign(levels[i]) : 0), halves[i]);
            state = Trellis.After(state, levels[i]);
        }
    }

    static long Least(ReadOnlySpan<int> values, int state)
    {
        if (values.IsEmpty)
            return 0;
        long least = Of(values[0], 0, state) + Least(values[1..], Trellis.After(state, 0));
        // Zero, and what the state has on either side of the value.
        int lower = (Math.Abs(values[0]) + 128 * (state & 1)) >> LevelModel.FractionBits;
        for (int magnitude = Math.Max(1, lower); magnitude <= lower + 1; magnitude++)
            least = Math.Min(least, Of(values[0], Math.Sign(values[0]) * magnitude, state)
                + Least(values[1..], Trellis.After(state, magnitude)));
        return least;
    }

    static long CostOf(int[] values, int[] levels, int state)
    {
        long cost = 0;
        for (int i = 0; i < values.Length; i++)
        {
            cost += Of(values[i], levels[i], state);
            state = Trellis.After(state, levels[i]);
        }

        return cost;
    }

    static long Of(int value, int level, int state)
    {
        const int worth = 13;
        long error = value - level * 256 + (state & 1) * 128 * Math.Sign(level);
        int place = level == 0 ? 0 : 1 + Math.Abs(level) - (Math.Abs(value) >> LevelModel.FractionBits);
        return error * error + worth * Costs[(state & 1) * TrellisSearch.Levels + place];
    }
}
