using Plume.Compression.Codecs;

namespace Plume.Compression.Tests.Codecs;

public class NotationTests
{
    [Theory]
    [InlineData("", "column 1: a stage is missing here.")]
    [InlineData("topk(1%) |", "column 11: a stage is missing here.")]
    [InlineData("topk(1%) | unifrom(8) | rans",
        "column 12: 'unifrom' is not a stage; known are feedback, delta, clip, rotate, lowrank, topk, randk, threshold, mask, "
            + "nm, budget, uniform, deadzone, auto, ternary, sign, lloyd, nf4, fp16, bf16, fp8, pack, rans, range, zstd, secure.")]
    [InlineData("uniform(8)", "column 11: nothing turns the values into bytes; add pack, rans, range, zstd, secure at the end.")]
    [InlineData("uniform(8) | topk(1%) | rans",
        "column 14: 'topk' cannot stand after 'uniform'; there may stand pack, rans, range, zstd, secure.")]
    [InlineData("pack | zstd", "column 8: 'zstd' cannot stand after 'pack'; there may stand nothing.")]
    [InlineData("topk(1%) | topk(2%) | pack",
        "column 12: 'topk' cannot stand after 'topk'; there may stand budget, uniform, deadzone, auto, ternary, sign, lloyd, nf4, "
            + "fp16, bf16, fp8, pack, rans, range, zstd, secure.")]
    [InlineData("topk | pack", "column 1: topk needs a share or a count, such as topk(1%) or topk(500).")]
    [InlineData("topk(0%) | pack", "column 6: '0%' must be above 0% and at most 100%.")]
    [InlineData("topk(NaN%) | pack", "column 6: 'NaN%' is not a number.")]
    [InlineData("topk(0.5) | pack", "column 6: '0.5' must be an integer from 1 to 2147483647.")]
    [InlineData("uniform(17) | pack", "column 9: '17' must be an integer from 1 to 16.")]
    [InlineData("uniform(8, block=4) | pack", "column 12: '4' must be an integer from 8 to 65536.")]
    [InlineData("uniform(8, blok=64) | pack",
        "column 12: 'blok=64' is not an argument of uniform; it takes stochastic, model, channel, shared, shared=..., "
            + "block=..., levels=..., bits.")]
    [InlineData("uniform(8, channel, block=64) | pack",
        "column 1: values share a step by model, by channel or by block; choose one.")]
    [InlineData("uniform(8 | pack", "column 10: the arguments of 'uniform' need a closing ')'.")]
    [InlineData("uniform(8, ) | pack", "column 12: an argument is missing here.")]
    [InlineData("delta(3) | pack", "column 7: '3' is not an argument of delta; it takes none.")]
    [InlineData("uniform(levels=20) | pack", "column 9: '20' must be odd: zero is a level, and the others come in pairs.")]
    [InlineData("feedback(0.5) | pack", "column 10: '0.5' must be a percentage, such as 50%.")]
    [InlineData("clip(0) | pack", "column 6: '0' must be above 0.")]
    [InlineData("randk | pack", "column 1: randk needs a share, such as randk(5%).")]
    [InlineData("threshold(-1) | pack", "column 11: '-1' must be 0 or more, and a float.")]
    [InlineData("nm(4:4) | pack", "column 4: '4:4' must be N:M with M from 2 to 16 and N from 1 to below M.")]
    [InlineData("rotate | mask | uniform(4) | rans",
        "column 10: 'mask' keeps the values at live weights, but 'rotate' has mixed them with those at dead ones, which "
            + "undoing it would bring back; leave one of them out, or there may stand delta, clip, rotate, lowrank, topk, "
            + "randk, threshold, nm, budget, uniform, deadzone, auto, ternary, sign, lloyd, nf4, fp16, bf16, fp8, pack, rans, range, "
            + "zstd, secure.")]
    [InlineData("lowrank | clip(1) | mask | deadzone(abs=1) | range",
        "column 21: 'mask' keeps the values at live weights, but 'lowrank' has mixed them with those at dead ones, which "
            + "undoing it would bring back; leave one of them out, or there may stand delta, clip, rotate, lowrank, topk, "
            + "randk, threshold, nm, budget, uniform, deadzone, auto, ternary, sign, lloyd, nf4, fp16, bf16, fp8, pack, rans, range, "
            + "zstd, secure.")]
    [InlineData("mask(1) | pack", "column 6: '1' is not an argument of mask; it takes none.")]
    [InlineData("deadzone | range",
        "column 1: deadzone needs a rule for its step, such as step=0.5, abs=0.001, nmse=0.05 or bpp=0.2, or a budget before it; or write auto.")]
    [InlineData("budget(1bpp) | uniform(4) | rans",
        "column 1: 'budget' finds the step of a deadzone that has no rule of its own; write budget(...) | deadzone.")]
    [InlineData("budget(5) | deadzone | range", "column 8: '5' must end in bpp, kB, MB, GB, B.")]
    [InlineData("budget(-5kB) | deadzone | range", "column 8: '-5kB' must be above 0.")]
    [InlineData("budget(nmse=1) | deadzone | range", "column 8: '1' must be above 0 and below 1.")]
    [InlineData("lowrank | uniform(4) | rans",
        "column 1: 'lowrank' shares the step of a deadzone that has one for all tensors; put deadzone(abs=...), "
            + "deadzone(nmse=...) or deadzone(bpp=...) to its right, or a budget and a deadzone.")]
    [InlineData("deadzone(step=1, abs=2) | range", "column 18: the step has one rule; choose step, abs, nmse, bpp or grid.")]
    [InlineData("lloyd(9) | pack", "column 7: '9' must be an integer from 1 to 8.")]
    [InlineData("uniform(4, shared) | pack",
        "column 1: a step that clients share is for sums of their levels; put 'secure' at the end, or leave 'shared' out.")]
    [InlineData("uniform(4) | secure",
        "column 1: under 'secure' all clients need one step, and 'uniform(4)' fits one to each client's values; write "
            + "uniform(4, shared).")]
    [InlineData("deadzone(step=1) | secure",
        "column 1: under 'secure' all clients need one step, and 'deadzone(step=1)' fits one to each client's values; write "
            + "uniform(4, shared).")]
    [InlineData("topk(1%) | uniform(4, shared) | secure",
        "column 1: under 'secure' all clients must keep the same positions, and 'topk' leaves them to each; write randk(10%).")]
    [InlineData("lowrank | uniform(4, shared) | secure",
        "column 1: what 'lowrank' makes of one client's values cannot be added to another's; leave it out and keep fewer "
            + "values, such as randk(10%).")]
    [InlineData("clip(1) | secure", "column 11: 'secure' adds levels up; put uniform(4, shared) before it.")]
    [InlineData("uniform(0, shared) | secure", "column 9: '0' must be an integer from 1 to 16.")]
    [InlineData("uniform(1, shared) | secure(9, noise=3)",
        "column 1: levels 0 and 1 have no place for noise; write uniform(8, shared).")]
    [InlineData("uniform(4, shared=0) | secure(10)", "column 12: '0' is out of range. It must be from 2^-118 to 2^64.")]
    [InlineData("uniform(4, shared, block=64) | secure",
        "column 1: a shared step is one for all values of all clients; leave model, channel or block out.")]
    [InlineData("topk(1%) | rotate | pack",
        "column 12: 'rotate' cannot stand after 'topk'; there may stand budget, uniform, deadzone, auto, ternary, sign, lloyd, nf4, "
            + "fp16, bf16, fp8, pack, rans, range, zstd, secure.")]
    [InlineData("zstd(23)", "column 6: '23' must be an integer from 1 to 22.")]
    [InlineData("topk(1%) | uniform(4, channel) | rans",
        "column 12: a channel has no fixed number of values after 'topk'; use one step for the tensor or block=64.")]
    [InlineData("topk(1%) | uniform(1, stochastic) | rans",
        "column 12: at 1 bit after 'topk' only the sign is sent, which cannot be stochastic; use 2 bits or more.")]
    public void A_mistake_is_reported_with_its_place_and_what_may_stand_there(string line, string problem) =>
        Assert.Equal($"Codec '{line}', {problem}", Assert.Throws<FormatException>(() => Codec.Parse(line)).Message);

    [Fact]
    public void A_codec_says_what_it_needs_and_promises()
    {
        Assert.True(Codec.Parse("pack").IsLossless);
        Assert.True(Codec.Parse("feedback | topk(1%) | pack")
            is { Remembers: true, Selects: true, IsUnbiased: false, IsLossless: false });
        Assert.True(Codec.Parse("uniform(4, stochastic) | pack") is { Remembers: false, IsUnbiased: true });
        Assert.True(Codec.Parse("delta | uniform(4) | pack") is { UsesReference: true, IsUnbiased: false });
        Assert.NotEqual(Codec.Parse("uniform(4) | pack"), Codec.Parse("uniform(5) | pack"));
    }
}
