using Plume.Compression.Codecs;
using Plume.Federation.Methods.Exchanges;

namespace Plume.Simulation.Tests;

/// <summary>What methods come to in a secure sum.</summary>
public partial class SimulationTests
{
    [Fact]
    public void Bits_of_masks_that_are_counted_in_secret_make_the_model_that_they_make_in_clear()
    {
        var options = Options("secure, masks", 4) with { DropOut = 0 };
        var clear = options with { Plan = options.Plan with { Uplink = Codec.Floats } };
        Assert.IsType<Masks>(clear.Plan.Method);
        Assert.Equal(Run(clear).Model, Run(options).Model);
    }

    [Theory]
    [InlineData("bits=1, alike", "uniform(1, shared) | secure")]
    [InlineData("bits=3, alike", "uniform(4, shared) | secure")]
    [InlineData("bits=2, labels=student, alike", "uniform(3, shared) | secure")]
    [InlineData("bits=8, alike", "uniform(9, shared) | secure")]
    public void Labels_that_are_counted_in_secret_make_the_model_that_they_make_in_clear(string arguments, string uplink)
    {
        var options = Options("secure, predictions", 4) with { DropOut = 0 };
        var clear = options with { Plan = options.Plan with { Method = Said(arguments), Uplink = Codec.Floats } };
        Assert.Equal(Run(clear).Model, Run(clear with { Plan = clear.Plan with { Uplink = Codec.Parse(uplink) } }).Model);
    }

    [Theory]
    [InlineData("secure, pruned")]
    [InlineData("secure, channels")]
    public void What_a_client_sends_of_a_pruned_model_in_secret_falls_with_what_lives(string kind)
    {
        var options = Options(kind, 6) with { DropOut = 0 };
        var bytes = Run(options).Metrics.Select(round => round.UplinkBytes).ToList();
        Assert.Equal(bytes.OrderDescending(), bytes);
        // Keys and shares stay, and biases.
        Assert.InRange((double)bytes[^1] / bytes[0], 0.1, 0.75);
    }
}
