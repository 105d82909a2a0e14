using System.Diagnostics;
using System.Text;
using Plume.Cli.Experiments.Json;

namespace Plume.Cli.Tests.Experiments;

public class JsonTextTests
{
    const string Text = "{\n  // ü\n  \"a\": [1, \"\u00e4\u00f6\", true,\r\n   {\"long\": null}],\n\n\"last\": "
        + "\"\ud83d\ude00\", \"x\": -2e3 }";

    [Theory]
    [InlineData("")]
    [InlineData("\ufeff")]
    public void Every_value_has_the_line_and_column_where_it_stands(string mark)
    {
        var found = new List<(string Kind, string Place)>();
        Walk(JsonText.Parse(Encoding.UTF8.GetBytes(mark + Text), "t.json", "/"));
        foreach (var (value, place) in found)
        {
            int at = Text.IndexOf(value, StringComparison.Ordinal);
            string before = Text[..at];
            Assert.Equal((value, $"t.json:{before.Count(mark => mark == '\n') + 1}:{at - before.LastIndexOf('\n')}"),
                (value, place));
        }

        Assert.Equal(8, found.Count);

        void Walk(JsonTree tree)
        {
            foreach (var member in tree.Members)
            {
                found.Add(($"\"{member.Name}\"", member.Place.Text));
                Walk(member.Value);
            }

            foreach (var item in tree.Items)
            {
                if (item.Text.Length > 0)
                    found.Add((item.Kind == System.Text.Json.JsonTokenType.String ? $"\"{item.Text}\""
                        : item.Text, item.Place.Text));
                Walk(item);
            }

            if (tree.Text == "-2e3")
                found.Add((tree.Text, tree.Place.Text));
            if (tree.Text == "\ud83d\ude00")
                found.Add(($"\"{tree.Text}\"", tree.Place.Text));
        }
    }

    [Theory]
    [InlineData("1,")]
    [InlineData("1,\n")]
    [InlineData("\"\u00e4\",")]
    public void A_long_text_takes_time_by_its_length_alone(string each)
    {
        byte[] text = Encoding.UTF8.GetBytes("[" + string.Concat(Enumerable.Repeat(each, 300_000)) + "1]");
        long began = Stopwatch.GetTimestamp();
        Assert.Equal(300_001, JsonText.Parse(text, "t.json", "/").Items.Count);
        // Looking at all that is before each value would take minutes.
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
    }
}
