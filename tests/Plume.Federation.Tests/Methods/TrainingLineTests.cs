using Plume.Federation.Learners;
using Plume.Federation.Notation;

namespace Plume.Federation.Tests.Methods;

public class TrainingLineTests
{
    [Theory]
    [InlineData("averaging")]
    [InlineData("distill(teacher.onnx)")]
    [InlineData("distill(../models/teacher (1).onnx, temperature=4, alpha=0.9)")]
    [InlineData("mutual(resnet8)")]
    [InlineData("scaffold | mutual(large.onnx, temperature=1.5)")]
    [InlineData("prune(90%, rounds=5..20) | quantize(4, 8) | distill(teacher.onnx, alpha=1)")]
    public void A_line_prints_what_it_reads(string line) => Assert.Equal(line, TrainingLine.Parse(line).ToString());

    [Fact]
    public void Words_stand_in_any_order() =>
        Assert.Equal(TrainingLine.Parse("feddyn | quantize(4, 8) | mutual(mlp)"),
            TrainingLine.Parse(" mutual( mlp , temperature = 1 )|quantize(4,8) | feddyn "));

    // A file of the server means nothing to a client; a name that clients know too does.
    [Theory]
    [InlineData("distill(teacher.onnx, temperature=4)", "distill(temperature=4)")]
    [InlineData("distill(teacher)", "distill")]
    [InlineData("mutual(large.onnx, alpha=0.25)", "mutual(alpha=0.25)")]
    [InlineData("mutual(models/large)", "mutual")]
    [InlineData("mutual(resnet8)", "mutual(resnet8)")]
    public void Terms_name_no_file_and_read_back(string line, string terms)
    {
        var told = TrainingLine.Parse(line).Teaching!.Terms;
        Assert.Equal(terms, told.ToString());
        Assert.Equal(told, Teaching.Parse(terms));
    }

    [Theory]
    [InlineData("scaffold", "Training 'scaffold', column 1: there must stand one of distill, mutual.")]
    [InlineData("mutual(mlp) | distill(a.onnx)", "there must stand one of distill, mutual")]
    [InlineData("distill(a.onnx, steps=3)",
        "'steps=3' is not an argument of distill; it takes the teacher's file, temperature=..., alpha=...")]
    [InlineData("distill(temperature=hot)", "'hot' is not a number")]
    [InlineData("mutual(temperature=-1)", "'-1' must be above 0")]
    [InlineData("mutual(alpha=0)", "'0' must be above 0 and at most 1")]
    public void What_is_no_teaching_is_refused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Teaching.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("distill", "column 1: 'distill' needs the model that clients learn from, such as distill(teacher.onnx, "
        + "temperature=4)")]
    [InlineData("scaffold | mutual(alpha=0.1)",
        "column 12: 'mutual' needs the model that clients learn from, such as mutual(resnet8)")]
    [InlineData("distill(a.onnx) | mutual(mlp)",
        "column 19: 'mutual' cannot stand beside 'distill(a.onnx)': clients learn from one model")]
    [InlineData("distill(a.onnx, temperature=0)", "column 17: '0' must be above 0")]
    public void A_line_that_says_too_little_or_too_much_is_refused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => TrainingLine.Parse(text)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("a,b/teacher.onnx")]
    [InlineData("a=b.onnx")]
    [InlineData("a|b.onnx")]
    [InlineData(" a.onnx")]
    [InlineData("")]
    public void A_name_that_would_not_read_back_is_refused(string model) =>
        Assert.StartsWith($"A line cannot name '{model}'",
            Assert.Throws<ArgumentException>(() => new Mutual { Model = model }).Message, StringComparison.Ordinal);

    [Fact]
    public void Numbers_out_of_range_are_refused()
    {
        foreach (double temperature in new[] { 0, -1, double.NaN, double.PositiveInfinity })
            Assert.Equal("temperature", Assert.Throws<ArgumentOutOfRangeException>(() => new FromTeacher(temperature)).ParamName);
        foreach (double alpha in new[] { 0, 1.1, double.NaN })
            Assert.Equal("alpha", Assert.Throws<ArgumentOutOfRangeException>(() => new Mutual(alpha: alpha)).ParamName);
    }
}
