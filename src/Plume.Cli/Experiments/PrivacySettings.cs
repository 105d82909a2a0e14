using System.Globalization;
using Plume.Cli.Errors;
using Plume.Compression.Codecs;
using Plume.Federation.Privacy;
using Plume.Federation.Privacy.Clipping;
using Plume.Federation.Privacy.Matrix;

namespace Plume.Cli.Experiments;

/// <summary>The privacy that an experiment asks for.</summary>
sealed class PrivacySettings(Settings settings)
{
    /// <summary>The key that problems are told of.</summary>
    public const string Key = "privacy.noise";

    static readonly string[] Keys = [Key, "privacy.delta", "privacy.epsilon"];
    static readonly string[] Others = ["privacy.unit", "privacy.clip", "privacy.mechanism"];

    /// <summary>The promise; null where the experiment makes none.</summary>
    /// <exception cref="ExperimentException">It says a part of one only.</exception>
    public DifferentialPrivacy? Promise
    {
        get
        {
            string[] missing = [.. Keys.Where(key => !settings.Has(key))];
            if (missing.Length == Keys.Length && !Others.Any(settings.Has))
                return null;
            return missing.Length == 0
                ? new DifferentialPrivacy(settings.Get<double>("privacy.noise"), settings.Get<double>("privacy.delta"),
                    settings.Get<double>("privacy.epsilon"))
                {
                    IsAtClients = IsAtClients,
                    Clip = settings.Get<object?>("privacy.clip") as AdaptiveClip,
                    Matrix = Matrix,
                }
                : throw new ExperimentException(
                    [new Problem(settings.PlaceOf(Keys.Concat(Others).First(settings.Has)),
                        $"privacy needs {string.Join(" and ", missing)}, too: noise, delta and epsilon belong "
                            + $"together.{Advice()}")]);
        }
    }

    /// <summary>How noise is correlated between rounds; null where it is drawn anew in each.</summary>
    public MatrixMechanism? Matrix => settings.Get<object?>("privacy.mechanism") as MatrixMechanism;

    // In a secure sum nobody else can.
    bool IsAtClients => settings.Get<Codec>("uplink").IsSecure;

    // Whoever has a budget may not know what it costs.
    string Advice()
    {
        if (settings.Has("privacy.noise") || !settings.Has("privacy.epsilon") || !settings.Has("privacy.delta"))
            return "";
        int rounds = settings.Int32("rounds"), most = Matrix?.MostParticipations(rounds) ?? rounds;
        double? noise = DifferentialPrivacy.SamplingOf(IsAtClients, Matrix).NoiseFor(settings.Get<double>("privacy.epsilon"),
            most, settings.Get<double>("privacy.delta"));
        return noise is { } enough
            ? string.Create(CultureInfo.InvariantCulture,
                $" Noise of {DifferentialPrivacy.RoundedUp(enough)} would pay for a client in "
                    + $"{(most == rounds ? "each" : $"{most}")} of "
                    + $"the {rounds} rounds; plume privacy says more.") : "";
    }
}
