using Plume.Compression.Lines;

namespace Plume.Federation.Privacy.Matrix;

/// <summary>
/// Noise that is correlated between rounds (DP-FTRL): each round takes back some of the noise of those before it, so that the
/// model, which is a sum of rounds, has far less of it than of noise that is drawn anew. A client takes part in one of so many
/// rounds at most, and what it then adds is hidden in the noise of as many rounds as there are bands.
/// </summary>
/// <remarks>
/// The noise of round t is w_t = z_t - c_1 w_(t-1) - ... - c_(b-1) w_(t-b+1), where z is drawn anew and the bands c are those of
/// <see cref="ToeplitzFactor.Optimized"/> for the plan's rounds. Bytes: 8 (bands - 1) for each value of an update, at the server,
/// in memory while a version is made and in each checkpoint. Sources: <see cref="ToeplitzFactor"/>; participations that are
/// apart, Choquette-Choo et al., "Multi-Epoch Matrix Factorization Mechanisms", ICML 2023, arXiv:2211.06530. Differs from it:
/// participations are counted client by client, and no amplification by sampling is claimed.
/// </remarks>
/// <param name="Separation">A client that took part in round r is asked again in round r + separation at the earliest.</param>
/// <param name="Bands">From 1, for noise that is drawn anew each round, to the separation.</param>
public sealed record MatrixMechanism(int Separation, int Bands)
{
    /// <summary>The word of noise that is drawn anew each round.</summary>
    public const string Independent = "gaussian";

    /// <summary>Most bands where none are said: more gain little, and each takes memory.</summary>
    public const int UsualBands = 16;

    // Beyond it the search for bands takes minutes.
    const long MostWork = 20_000_000;

    const string Subject = "Mechanism", Word = "matrix";
    const int Most = 1_000_000;

    /// <summary>With as many bands as there may be, but <see cref="UsualBands"/> at most.</summary>
    public MatrixMechanism(int separation)
        : this(separation, Math.Min(separation, UsualBands))
    {
    }

    /// <summary>Reads a mechanism; printing it gives the line back.</summary>
    /// <returns>Null for <see cref="Independent"/>.</returns>
    /// <exception cref="FormatException">The line breaks a rule; the message has the column.</exception>
    public static MatrixMechanism? Parse(string text)
    {
        var words = Line.Read(Subject, text);
        var (word, column, arguments) = words[0];
        if (words.Count > 1)
            throw Line.Error(Subject, text, words[1].Column, $"nothing can stand after '{word}'");
        var mechanism = word switch
        {
            Independent => null,
            Word => Read(arguments),
            _ => throw Line.Error(Subject, text, column,
                $"{(word.Length == 0 ? "a word is missing here" : $"'{word}' is no mechanism")}; known are {Independent}, "
                    + $"{Word}"),
        };
        arguments.End();
        return mechanism;
    }

    /// <summary>Rounds of so many that one client can take part in at most.</summary>
    public int MostParticipations(int rounds) => 1 + (Math.Max(1, rounds) - 1) / Separation;

    /// <summary>Whether a client that took part in a round before may be asked in this one.</summary>
    /// <param name="last">The round that it took part in last; null for none.</param>
    /// <param name="round">The round.</param>
    public bool MayAsk(int? last, int round) => last is not { } before || round - before >= Separation;

    /// <summary>The matrix of a plan of so many rounds.</summary>
    public ToeplitzFactor FactorFor(int rounds) => ToeplitzFactor.Optimized(rounds, Bands);

    /// <summary>Every rule that is broken, in sentences.</summary>
    /// <param name="rounds">The plan's rounds.</param>
    public IEnumerable<string> Problems(int rounds)
    {
        if (Separation < 1 || Bands < 1)
            yield return $"Separation and bands of '{this}' must be 1 or more.";
        else if (Bands > Separation)
            yield return $"In '{this}' the noise of a round takes back that of {Bands - 1} before it, so a client must stay "
                + $"away as long, or what it adds twice is hidden once: let the separation be {Bands}, or take {Separation} "
                + "bands.";
        else if ((long)rounds * Math.Min(Bands, rounds) > MostWork)
            yield return $"To find {Bands} bands for {rounds} rounds takes too long: take {MostWork / rounds} bands or fewer.";
    }

    /// <summary>Why a mechanism cannot be where clients add the noise, in a secure sum.</summary>
    /// <param name="matrix">The mechanism.</param>
    public static string MisfitToClientNoise(MatrixMechanism matrix) =>
        $"By '{matrix}' a round takes back noise of the rounds before, which only a server has that adds it, and under an "
            + "uplink that ends in 'secure' clients do: leave the mechanism out, or take 'secure' out of the uplink.";

    /// <summary>The notation.</summary>
    public override string ToString() =>
        Bands == Math.Min(Separation, UsualBands) ? $"{Word}({Separation})" : $"{Word}({Separation}, bands={Bands})";

    static MatrixMechanism Read(LineArguments arguments)
    {
        int separation = arguments.Positional("the rounds from one participation of a client to the next") is { } rounds
            ? arguments.Integer(rounds, 1, Most)
            : throw arguments.Error($"{Word} needs the rounds from one participation of a client to the next, such as "
                + $"{Word}(10)");
        return arguments.Named("bands") is { } bands ? new(separation, arguments.Integer(bands, 1, separation)) : new(separation);
    }
}
