using System.Globalization;
using Plume.Compression.Lines;

namespace Plume.Federation.Learners;

/// <summary>
/// Whom clients learn from beside their labels. Each minimizes (1 - a) * cross-entropy + a * T^2 * KL(teacher || student), where
/// both models' scores are divided by the temperature T. What travels is the student alone, so no byte more than without.
/// </summary>
/// <remarks>Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv:1503.02531.</remarks>
public abstract record Teaching
{
    const string Subject = "Training";
    const double DefaultAlpha = 0.5;

    static readonly (string Word, Func<LineArguments, Teaching> Read)[] Catalogue =
        [(FromTeacher.Keyword, FromTeacher.Parse), (Mutual.Keyword, Mutual.Parse)];

    private protected Teaching(double temperature, double alpha) => (Temperature, Alpha) =
        (double.IsFinite(temperature) && temperature > 0 ? temperature
            : throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "It must be above 0 and finite."),
        alpha is > 0 and <= 1 ? alpha
            : throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "It must be above 0 and at most 1."));

    /// <summary>The words that say whom clients learn from.</summary>
    public static IEnumerable<string> Words => Catalogue.Select(entry => entry.Word);

    /// <summary>What both models' scores are divided by.</summary>
    public double Temperature { get; }

    /// <summary>The teacher's share in the loss; the labels have the rest.</summary>
    public double Alpha { get; }

    /// <summary>The teacher: a file, or a name that clients know. Null where each client brings its own.</summary>
    /// <exception cref="ArgumentException">A line cannot hold the name.</exception>
    public string? Model
    {
        get;
        init => field = value is null || (value.Length > 0 && value.Trim() == value && value.IndexOfAny([',', '|', '=']) < 0)
            ? value
            : throw new ArgumentException(
                $"A line cannot name '{value}': what it names has no comma, no '|' and no '=', not in the names of its folders "
                    + $"either.", nameof(value));
    }

    /// <summary>Whether <see cref="Model"/> is a file, which means nothing on another machine.</summary>
    public abstract bool NamesFile { get; }

    /// <summary>What a federation tells its clients of it.</summary>
    public Teaching Terms => NamesFile ? this with { Model = null } : this;

    /// <summary>Reads the notation; printing gives it back.</summary>
    /// <exception cref="FormatException">It is not one of the words, or an argument breaks its rule.</exception>
    public static Teaching Parse(string text)
    {
        var words = Line.Read(Subject, text);
        var teaching = (words.Count == 1 ? Read(words[0]) : null)
            ?? throw Line.Error(Subject, text, 1, $"there must stand one of {string.Join(", ", Words)}");
        words[0].Arguments.End();
        return teaching;
    }

    /// <summary>Reads a word of a line; null where it is another.</summary>
    internal static Teaching? Read(LineWord word) =>
        Array.Find(Catalogue, entry => entry.Word == word.Word).Read?.Invoke(word.Arguments);

    /// <summary>The notation.</summary>
    public sealed override string ToString()
    {
        string[] arguments = [.. Arguments()];
        return arguments.Length == 0 ? Word : $"{Word}({string.Join(", ", arguments)})";
    }

    /// <summary>Arguments to show.</summary>
    internal abstract string Example { get; }

    /// <summary>Its word.</summary>
    private protected abstract string Word { get; }

    /// <summary>The temperature that the notation leaves out.</summary>
    private protected abstract double UsualTemperature { get; }

    IEnumerable<string> Arguments()
    {
        if (Model is not null)
            yield return Model;
        if (Temperature != UsualTemperature)
            yield return $"temperature={Temperature.ToString("R", CultureInfo.InvariantCulture)}";
        if (Alpha != DefaultAlpha)
            yield return $"alpha={Alpha.ToString("R", CultureInfo.InvariantCulture)}";
    }

    private protected static (string? Model, double Temperature, double Alpha) ReadArguments(LineArguments arguments,
        string model, double usualTemperature)
    {
        string? named = arguments.Positional(model)?.Text;
        double temperature = Positive("temperature", usualTemperature, double.MaxValue),
            alpha = Positive("alpha", DefaultAlpha, 1);
        return (named, temperature, alpha);

        double Positive(string name, double usual, double most)
        {
            if (arguments.Named(name) is not { } argument)
                return usual;
            double value = arguments.Number(argument, argument.Text);
            return value > 0 && value <= most
                ? value
                : throw arguments.Error(argument.Column,
                    $"'{argument.Text}' must be above 0{(most < double.MaxValue ? $" and at most {most}" : "")}");
        }
    }
}

/// <summary>A teacher that has learned already, the same for all clients: <c>distill(teacher.onnx, temperature=4)</c>.</summary>
public sealed record FromTeacher : Teaching
{
    internal const string Keyword = "distill";
    const double DefaultTemperature = 2;

    /// <summary>A teacher.</summary>
    /// <param name="temperature">What both models' scores are divided by, above 0.</param>
    /// <param name="alpha">The teacher's share in the loss, above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number breaks its rule.</exception>
    public FromTeacher(double temperature = DefaultTemperature, double alpha = 0.5) : base(temperature, alpha)
    {
    }

    /// <inheritdoc/>
    public override bool NamesFile => Model is not null;

    internal override string Example => "teacher.onnx, temperature=4";

    private protected override string Word => Keyword;

    private protected override double UsualTemperature => DefaultTemperature;

    internal static FromTeacher Parse(LineArguments arguments)
    {
        var (model, temperature, alpha) = ReadArguments(arguments, "the teacher's file", DefaultTemperature);
        return new FromTeacher(temperature, alpha) { Model = model };
    }
}

/// <summary>
/// A large model that stays with each client, and the one that travels, teach each other in every step: <c>mutual(resnet8)</c>.
/// What a client's large model has learned is kept from round to round and never sent.
/// </summary>
/// <remarks>
/// Both learn from the labels and from the other's scores for the same batch. Differs from the paper: both step at once rather
/// than in turn, and at a = 1/2 and T = 1 the loss is half of the paper's, CE + KL, which a learning rate twice as large makes up
/// for. Source: Zhang, Xiang, Hospedales, Lu, "Deep Mutual Learning", CVPR 2018, arXiv:1706.00384.
/// </remarks>
public sealed record Mutual : Teaching
{
    internal const string Keyword = "mutual";
    const double DefaultTemperature = 1;

    /// <summary>Mutual learning.</summary>
    /// <param name="temperature">What both models' scores are divided by, above 0.</param>
    /// <param name="alpha">The other model's share in the loss of each, above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number breaks its rule.</exception>
    public Mutual(double temperature = DefaultTemperature, double alpha = 0.5) : base(temperature, alpha)
    {
    }

    /// <inheritdoc/>
    public override bool NamesFile => Model?.IndexOfAny(['.', '/', '\\']) >= 0;

    internal override string Example => "resnet8";

    private protected override string Word => Keyword;

    private protected override double UsualTemperature => DefaultTemperature;

    internal static Mutual Parse(LineArguments arguments)
    {
        var (model, temperature, alpha) = ReadArguments(arguments, "the model that stays with each client", DefaultTemperature);
        return new Mutual(temperature, alpha) { Model = model };
    }
}
