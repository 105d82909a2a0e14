using Plume.Models.Graph;
using Plume.Models.Onnx;

namespace Plume.Models.Tests;

public class OpsetUpgradeTests
{
    static readonly long[] Shape = [2, 3, 4, 4];

    public static TheoryData<int, string, string[], string[]> Old => new()
    {
        { 6, "Clip", ["min=-0.5", "max=0.25"], [] },
        { 6, "Clip", ["max=0.25"], [] },
        { 10, "Dropout", ["ratio=0.4"], [] },
        { 9, "Slice", ["starts:1,0", "ends:3,2", "axes:1,2"], [] },
        { 9, "Slice", ["starts:0,1", "ends:2,3"], [] },
        { 10, "Pad", ["pads:0,0,1,2,0,0,0,1", "value=0.5"], [] },
        { 9, "Upsample", [], ["1,1,2,3"] },
        { 10, "Resize", [], ["1,1,2,2"] },
        { 11, "Unsqueeze", ["axes:0,3"], [] },
        { 11, "Squeeze", [], [] },
        { 11, "ReduceSum", ["axes:1,3", "keepdims:int0"], [] },
        { 11, "ReduceSum", [], [] },
        { 13, "ReduceMean", ["axes:2,3"], [] },
        { 11, "Softmax", [], [] },
        { 11, "Softmax", ["axis:int2"], [] },
        { 9, "LogSoftmax", ["axis:int3"], [] },
        { 11, "Transpose", ["perm:0,2,3,1"], [] },
    };

    [Theory, MemberData(nameof(Old))]
    public void An_older_operator_computes_the_same_when_it_is_written_newer(int opset, string operation, string[] attributes,
        string[] scales)
    {
        var tensors = scales.Select(each => Initializer.Of("scales", [4], [.. each.Split(',').Select(float.Parse)])).ToArray();
        var node = new Node("n", operation, ["x", .. tensors.Select(tensor => tensor.Name)], ["y"],
            attributes.ToDictionary(each => each.Split('=', ':')[0], ValueOf));
        var graph = new ModelGraph("old", [new("x", ElementType.Float, [.. Shape.Select(length => Dimension.Fixed(length))])],
            [new("y", ElementType.Float, []) { HasShape = false }], [node], tensors, opset);
        float[] values = Some.Normal(96, operation);

        foreach (int newer in new[] { 13, 21 })
        {
            var upgraded = OpsetUpgrade.To(graph, newer);
            Assert.Equal(newer, upgraded.OpsetVersion);
            var (shape, expected) = Runtime.Run(graph, Shape, values);
            var (newShape, actual) = Runtime.Run(upgraded, Shape, values);
            Assert.Equal(shape, newShape);
            Assert.All(expected.Zip(actual), each => Assert.Equal(each.First, each.Second, 1e-6f));
        }
    }

    [Fact]
    public void A_split_into_equal_or_told_parts_stays_one()
    {
        foreach (var attributes in new Dictionary<string, AttributeValue>[] { new() { ["axis"] = 1L },
            new() { ["axis"] = 1L, ["split"] = new long[] { 1, 3 } } })
        {
            var graph = new ModelGraph("old", [new("x", ElementType.Float, [2, 4])],
                [new("a", ElementType.Float, []) { HasShape = false }, new("b", ElementType.Float, []) { HasShape = false }],
                [new("n", "Split", ["x"], ["a", "b"], attributes)], [], 11);
            float[] values = Some.Normal(8, "split");
            Assert.Equal(Runtime.Run(graph, [2, 4], values).Values,
                Runtime.Run(OpsetUpgrade.To(graph, 21), [2, 4], values).Values);
        }
    }

    static AttributeValue ValueOf(string text) => text.Split('=', ':')[1] switch
    {
        var number when text.Contains('=') => float.Parse(number),
        var one when one.StartsWith("int", StringComparison.Ordinal) => long.Parse(one[3..]),
        var many => many.Split(',').Select(long.Parse).ToArray(),
    };
}
