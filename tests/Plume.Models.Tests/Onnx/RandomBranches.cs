using Google.Protobuf;
using Plume.Compression.Randomness;
using Plume.Models.Onnx.Messages;
using Kind = Plume.Models.Onnx.Messages.AttributeProto.Types.AttributeType;

namespace Plume.Models.Tests;

/// <summary>
/// Models with graphs inside of graphs by chance: branches that read values, weights and conditions from around them at any
/// depth, hold weights of their own, and give back what they compute or hold. All values are [N, 6]. The same number gives the
/// same model.
/// </summary>
sealed class RandomBranches
{
    public const int Width = 6;
    const int MostDepth = 2;
    // Without x and y, which are the model's own.
    const int Letters = 'w' - 'a' + 1;

    readonly RandomDraws draws;
    readonly bool onlyConstants;
    int made;

    RandomBranches(int number, bool onlyConstants) =>
        (draws, this.onlyConstants) = (new RandomDraws(RandomKey.FromSeed((ulong)number)), onlyConstants);

    /// <summary>A graph that one is writing, with the values that it can read.</summary>
    sealed record Scope(GraphProto Graph, int Depth, List<string> Values, List<string> Weights, List<string> Conditions)
    {
        public Scope Inside() => new(new GraphProto { Name = "branch" }, Depth + 1, [.. Values], [.. Weights], [.. Conditions]);
    }

    /// <summary>The model of a number.</summary>
    /// <param name="number">The number.</param>
    /// <param name="onlyConstants">Whether all conditions follow from constants and shapes.</param>
    public static byte[] Number(int number, bool onlyConstants) => new RandomBranches(number, onlyConstants).Build();

    byte[] Build()
    {
        var model = new ModelProto
        {
            IrVersion = 8,
            Graph = new GraphProto { Name = "g" },
            OpsetImport = { new OperatorSetIdProto { Version = 13 } },
        };
        var scope = new Scope(model.Graph, 0, ["x"], [], []);
        scope.Graph.Input.Add(Value("x"));
        Weight(scope);
        foreach (bool value in (bool[])[true, false])
            scope.Conditions.Add(Tensor(scope, [], 9, [(byte)(value ? 1 : 0)]));
        OfShape(scope);
        if (!onlyConstants)
            OfValues(scope);
        Steps(scope, 4 + Among(3));
        Choice(scope);
        Node(scope, "Add", [scope.Values[^1], Among(scope.Values)], "y");
        model.Graph.Output.Add(Value("y"));
        return model.ToByteArray();
    }

    void Steps(Scope scope, int count)
    {
        for (int step = 0; step < count; step++)
        {
            switch (Among(scope.Depth < MostDepth ? 8 : 7))
            {
                case 0: Keep(scope, Node(scope, "MatMul", [Among(scope.Values), Weight(scope)])); break;
                case 1:
                    Keep(scope, Node(scope, "Gemm",
                    [Among(scope.Values), Among(scope.Weights), Tensor(scope, [Width], 1, Floats(Width))])); break;
                case 2: Keep(scope, Node(scope, "Relu", [Among(scope.Values)])); break;
                case 3: Keep(scope, Node(scope, "Identity", [Among(scope.Values)])); break;
                case 4: Keep(scope, Node(scope, "Sigmoid", [Among(scope.Values)])); break;
                case 5: Keep(scope, Node(scope, "Add", [Among(scope.Values), Among(scope.Values)])); break;
                case 6: scope.Weights.Add(Node(scope, "Identity", [Among(scope.Weights)])); break;
                default: Choice(scope); break;
            }
        }
    }

    void Choice(Scope scope)
    {
        GraphProto[] branches = [Branch(scope), Branch(scope)];
        string[] outputs = [Name(scope), Name(scope)];
        scope.Graph.Node.Add(new NodeProto
        {
            OpType = "If",
            Input = { Among(2) == 0 ? scope.Conditions[^1] : Among(scope.Conditions) },
            Output = { outputs },
            Attribute = { new AttributeProto { Name = "then_branch", Type = Kind.Graph, G = branches[0] },
                new AttributeProto { Name = "else_branch", Type = Kind.Graph, G = branches[1] } },
        });
        scope.Values.AddRange(outputs);
    }

    // Both branches use the same names, as exporters do, and these are such as one gives who wants short ones.
    GraphProto Branch(Scope outer)
    {
        int before = made;
        var scope = outer.Inside();
        if (Among(2) == 0)
            OfShape(scope);
        Steps(scope, 1 + Among(3));
        string computed = Node(scope, "Sub", [Among(scope.Values), Among(scope.Values)]);
        string held = Among(3) == 0 ? Tensor(scope, [1, Width], 1, Floats(Width))
            : Node(scope, "Identity", [Among(outer.Values)]);
        scope.Graph.Output.Add([Value(computed), Value(held)]);
        made = Among(2) == 0 && outer.Depth == 0 ? before : made;
        return scope.Graph;
    }

    void OfShape(Scope scope)
    {
        string length = Node(scope, "Gather", [Node(scope, "Shape", ["x"]), Tensor(scope, [], 7, BitConverter.GetBytes(1L))]);
        scope.Conditions.Add(Node(scope, "Equal",
            [length, Tensor(scope, [], 7, BitConverter.GetBytes((long)(Width - Among(2))))]));
    }

    void OfValues(Scope scope)
    {
        string sum = Node(scope, "ReduceSum", ["x"]);
        scope.Graph.Node[^1].Attribute.Add(new AttributeProto { Name = "keepdims", Type = Kind.Int, I = 0 });
        scope.Conditions.Add(Node(scope, "Greater", [sum, Tensor(scope, [], 1, new byte[4])]));
    }

    string Weight(Scope scope)
    {
        if (scope.Weights.Count == 0 || Among(2) == 0)
            scope.Weights.Add(Tensor(scope, [Width, Width], 1, Floats(Width * Width)));
        return Among(scope.Weights);
    }

    string Tensor(Scope scope, long[] shape, int type, byte[] data)
    {
        var tensor = new TensorProto { DataType = type, Dims = { shape }, RawData = ByteString.CopyFrom(data) };
        string name = Name(scope);
        if (Among(2) == 0)
            scope.Graph.Node.Add(new NodeProto
            {
                OpType = "Constant",
                Output = { name },
                Attribute = { new AttributeProto { Name = "value", Type = Kind.Tensor, T = tensor } }
            });
        else
            scope.Graph.Initializer.Add(new TensorProto(tensor) { Name = name });
        return name;
    }

    static void Keep(Scope scope, string value) => scope.Values.Add(value);

    string Node(Scope scope, string operation, string[] inputs, string? output = null)
    {
        output ??= Name(scope);
        scope.Graph.Node.Add(new NodeProto { OpType = operation, Input = { inputs }, Output = { output } });
        return output;
    }

    string Name(Scope scope)
    {
        int number = made++;
        return scope.Depth == 0 ? $"value.{number}"
            : $"{(char)('a' + number % Letters)}{(number < Letters ? "" : $"{number / Letters}")}";
    }

    byte[] Floats(int count)
    {
        var values = new byte[4 * count];
        for (int i = 0; i < count; i++)
            BitConverter.TryWriteBytes(values.AsSpan(4 * i), (float)(draws.NextNormal() / Math.Sqrt(Width)));
        return values;
    }

    string Among(List<string> choices) => choices[draws.NextInt(choices.Count)];

    int Among(int count) => draws.NextInt(count);

    static ValueInfoProto Value(string name) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType =
            new()
            {
                ElemType = 1,
                Shape =
                new()
                {
                    Dim = { new TensorShapeProto.Types.Dimension { DimParam = "N" },
                    new TensorShapeProto.Types.Dimension { DimValue = Width } }
                }
            }
        },
    };
}
