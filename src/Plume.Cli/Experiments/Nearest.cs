using Plume.Compression.Wording;


namespace Plume.Cli.Experiments;

/// <summary>Finds the known word that a mistyped one was meant to be.</summary>
static class Nearest
{
    // The cost grows with the product of the lengths, and a word may be anybody's.
    const int LongestWord = 100;
    const int MostShown = 40;

    /// <summary>The nearest of the words in <paramref name="sentence"/>, or a list of them when none is near.</summary>
    public static string To(string word, IEnumerable<string> known, string sentence)
    {
        var words = known.ToList();
        if (Find(word, words) is { } nearest)
            return string.Format(sentence, nearest);
        return words.Count == 0 ? "there are none."
            : $"known are {string.Join(", ", words.Take(MostShown).Select(Printable.Name))}{(words.Count > MostShown ? $" and {words.Count - MostShown} more" : "")}.";
    }

    /// <summary>The known word that is near, or null.</summary>
    public static string? Find(string word, IReadOnlyCollection<string> known)
    {
        string? nearest = word.Length > LongestWord ? null
            : known.Where(candidate => candidate.Length <= LongestWord).MinBy(candidate => Distance(word, candidate));
        return nearest is not null && Distance(word, nearest) <= Math.Max(2, nearest.Length / 2) ? nearest : null;
    }

    /// <summary>
    /// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other, in any case.
    /// Source: Damerau, "A technique for computer detection and correction of spelling errors", CACM 1964 (optimal string
    /// alignment).
    /// </summary>
    public static int Distance(string left, string right)
    {
        (left, right) = (left.ToLowerInvariant(), right.ToLowerInvariant());
        var costs = new int[left.Length + 1, right.Length + 1];
        for (int i = 0; i <= left.Length; i++)
            for (int j = 0; j <= right.Length; j++)
                costs[i, j] = i == 0 || j == 0 ? i + j : Step(costs, left, right, i, j);
        return costs[left.Length, right.Length];
    }

    static int Step(int[,] costs, string left, string right, int i, int j)
    {
        int replaced = costs[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
        int best = Math.Min(replaced, Math.Min(costs[i - 1, j], costs[i, j - 1]) + 1);
        bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
        return swapped ? Math.Min(best, costs[i - 2, j - 2] + 1) : best;
    }
}
