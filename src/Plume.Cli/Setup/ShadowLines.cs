using Plume.Cli.Errors;
using Plume.Simulation;
using Plume.Simulation.Shadows;

namespace Plume.Cli.Setup;

/// <summary>The lines that a user gave with <c>--shadow</c>.</summary>
static class ShadowLines
{
    /// <summary>The options with the lines; where a line says nothing of the downlink, it has the run's.</summary>
    /// <exception cref="CliException">A line breaks a rule, or does not fit the run.</exception>
    public static SimulationOptions In(SimulationOptions options, IReadOnlyList<string> lines)
    {
        ShadowLine[] shadows = [.. lines.Select(line => WrittenOption.Read("--shadow", line,
            text => ShadowLine.Parse(text, options.Plan.Downlink)))];
        foreach (var shadow in shadows)
        {
            if (shadow.Misfit(options.Plan) is { } misfit)
                throw new CliException(ExitCode.Usage, $"--shadow: {misfit}");
        }

        return options with { Shadows = shadows };
    }
}
