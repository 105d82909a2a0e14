using System.Text.Json;
using Plume.Cli.Errors;
using Plume.Cli.Experiments.Json;
using Plume.Cli.Experiments.Keys;

namespace Plume.Cli.Experiments;

/// <summary>
/// Reads settings from a file's text and from what stands over it, and collects everything that is wrong with them.
/// </summary>
/// <param name="root">The keys that there are.</param>
/// <param name="kind">What they describe, to show: "an experiment".</param>
sealed class SettingsReader(KeyGroup root, string kind)
{
    readonly List<Problem> problems = [];
    // A key that was refused is not also reported as missing.
    readonly HashSet<string> written = [];

    /// <summary>What was read.</summary>
    public Settings Settings { get; } = new(root);

    /// <summary>What was wrong.</summary>
    public IReadOnlyList<Problem> Problems => problems;

    /// <summary>The experiment of a text with overrides of the form <c>client.epochs=2</c>.</summary>
    /// <param name="utf8">The experiment file's text.</param>
    /// <param name="source">The name of the file, to show.</param>
    /// <param name="folder">What relative paths in the file are relative to; those of overrides are relative to the working
    /// folder.</param>
    /// <param name="overrides">Values that stand over the file's, the last one of a key over earlier ones.</param>
    /// <exception cref="ExperimentException">Something is wrong; it lists everything.</exception>
    public static Settings Read(ReadOnlySpan<byte> utf8, string source, string folder, IEnumerable<string> overrides)
    {
        var reader = new SettingsReader(ExperimentKeys.Root, "an experiment");
        if (!reader.ReadText(utf8, source, folder))
            throw new ExperimentException(reader.problems);
        foreach (string pair in overrides)
            reader.Override(pair);
        reader.CheckRequired(source);
        return reader.problems.Count == 0 ? reader.Settings : throw new ExperimentException(reader.problems);
    }

    /// <summary>Reads a file's text.</summary>
    /// <returns>False where it is not JSON, so that none of it could be read.</returns>
    public bool ReadText(ReadOnlySpan<byte> utf8, string source, string folder)
    {
        try
        {
            ReadGroup(root, "", JsonText.Parse(utf8, source, folder));
            return true;
        }
        catch (FormatException broken)
        {
            int end = broken.Message.IndexOf(": ", StringComparison.Ordinal);
            problems.Add(new Problem(broken.Message[..end], broken.Message[(end + 2)..]));
            return false;
        }
    }

    void ReadGroup(KeyGroup group, string prefix, JsonTree json)
    {
        if (json.Kind != JsonTokenType.StartObject)
        {
            Report(json.Place, $"{(group.Name.Length == 0 ? char.ToUpperInvariant(kind[0]) + kind[1..] : group.Name)} must be "
                + $"an object with the keys {string.Join(", ", group.Names)}, but is {json.Shown}.");
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in json.Members)
        {
            if (!seen.Add(member.Name))
                Report(member.Place, $"{prefix}{member.Name} is written twice; keep one.");
            else if (group.Groups.FirstOrDefault(inner => inner.Name == member.Name) is { } inner)
                ReadGroup(inner, $"{prefix}{inner.Name}.", member.Value);
            else if (group.Keys.FirstOrDefault(key => key.Name == member.Name) is { } key)
                ReadKey(key, prefix + key.Name, member.Value);
            else
                Report(member.Place, Unknown(member.Name, group.Name.Length == 0 ? kind : group.Name, group.Names));
        }
    }

    /// <summary>Reads a key's value over what was read before.</summary>
    public void ReadKey(Key key, string path, JsonTree json)
    {
        written.Add(path);
        try
        {
            if (key.Read(json) is { } value)
                Settings.Set(path, value, json.Place);
            else
                Report(json.Place, $"{path} must be {key.Rule}, but is {json.Shown}.");
        }
        catch (FormatException broken)
        {
            Report(json.Place, $"{path}{(broken.Message.StartsWith("must ", StringComparison.Ordinal) ? " " : ": ")}{broken.Message.TrimEnd('.')}.");
        }
    }

    void Override(string pair)
    {
        var place = new Place($"--set {pair}", Environment.CurrentDirectory);
        int equals = pair.IndexOf('=', StringComparison.Ordinal);
        string path = equals < 0 ? pair : pair[..equals];
        var known = root.Flatten().ToList();
        if (equals < 0)
            Report(place, "An override is a key and a value, such as --set rounds=5.");
        else if (known.FirstOrDefault(entry => entry.Path == path).Key is { } key)
            ReadOverride(key, path, pair[(equals + 1)..], place);
        else if (root.Groups.FirstOrDefault(group => group.Name == path) is { } group)
            Report(place, $"{path} is an object; set one of its keys: "
                + $"{string.Join(", ", group.Names.Select(name => $"{path}.{name}"))}.");
        else
            Report(place, Unknown(path, kind, known.Select(entry => entry.Path)));
    }

    // What the file has is as if it were not written.
    void ReadOverride(Key key, string path, string text, Place place)
    {
        if (text == "null")
        {
            Settings.Unset(path);
            written.Remove(path);
        }
        else
        {
            ReadKey(key, path, key.FromText(text, place));
        }
    }

    void CheckRequired(string source)
    {
        foreach (var (path, key) in root.Flatten().Where(entry => entry.Key.Required && !written.Contains(entry.Path)))
            problems.Add(new Problem(source, $"{path} is missing; it must be {key.Rule}."));
    }

    /// <summary>Adds a problem that the caller found.</summary>
    public void Report(Place place, string message) => problems.Add(new Problem(place.Text, message));

    static string Unknown(string name, string where, IEnumerable<string> known) =>
        $"There is no key '{name}' in {where}; {Nearest.To(name, known, "did you mean '{0}'?")}";
}
