namespace Plume.Cli.Tests.Errors;

/// <summary>
/// Commands by bad inputs: each cell ends with the code that docs/errors.md has for it, one message, and nothing written.
/// </summary>
public sealed class ExitCodeTests(BadFiles files) : IClassFixture<BadFiles>
{
    // MODEL, DATA and OUT stand for files; what stands behind a line is right.
    static readonly Dictionary<string, string> Lines = new()
    {
        ["compress"] = "compress MODEL -o OUT.plume",
        ["inspect"] = "inspect MODEL",
        ["bench"] = "bench codec MODEL --codec uniform(4)|pack --seconds 0.01 --plot OUT.svg",
        ["evaluate"] = "evaluate MODEL --data DATA",
        ["sensitivity"] = "sensitivity MODEL --data DATA",
        ["quantize"] = "quantize MODEL --data DATA -o OUT.onnx",
        ["prune"] = "prune MODEL --connections 50% --data DATA --fine-tune 1 -o OUT.onnx",
        ["channels"] = "prune MODEL --channels 50% --score taylor --data DATA -o OUT.onnx",
        ["shrink"] = "shrink MODEL --data DATA --fine-tune 1 -o OUT.onnx",
        ["distill"] = "distill --teacher MODEL --student mlp --data DATA --epochs 1 -o OUT.onnx",
        ["student"] = "distill --teacher GOOD --student MODEL --data DATA --epochs 1 -o OUT.onnx",
        ["train"] = "train MODEL --data DATA --epochs 1 -o OUT.onnx",
        ["simulate"] = "simulate --set model.name= --set model.file=MODEL --set rounds=1 --no-baseline --out OUT.run "
            + "--dump-updates OUT.updates",
    };

    static readonly string[] Graphs =
        ["evaluate", "sensitivity", "quantize", "prune", "channels", "shrink", "distill", "student", "train"];

    public static TheoryData<string, string, int> Models()
    {
        var cells = new TheoryData<string, string, int>();
        foreach (string command in Lines.Keys.Except(["simulate"]))
        {
            foreach (string file in new[] { "missing.onnx", "empty.onnx", "text.onnx", "cut.onnx", "folder.onnx", "empty.plume",
                "text.plume", "empty.safetensors", "text.safetensors" })
                cells.Add(command, file, 2);
        }

        foreach (string command in Graphs)
        {
            foreach (string file in new[] { "weights.safetensors", "five.onnx", "nine.onnx" })
                cells.Add(command, file, 2);
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_that_is_no_good_is_an_input(string command, string model, int code) =>
        Check(code, command, model, "digits", names: command is "evaluate" or "quantize" ? null
            : Path.GetFileNameWithoutExtension(model));

    public static TheoryData<string, string, int> Data()
    {
        var cells = new TheoryData<string, string, int>();
        foreach (string command in Graphs)
        {
            foreach (string file in new[] { "missing.csv", "empty.csv", "text.csv", "folder.csv", "head.csv", "ragged.csv",
                "infinite.csv", "narrow.csv", "unlabeled.csv", "missing.npy", "empty.npy", "text.npy", "folder.npy", "cut.npy",
                "none.npy", "zero.npy", "flat.npy" })
                cells.Add(command, file, 2);
            cells.Add(command, "mnist:/no/such", 2);
            cells.Add(command, "words", 1);
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Data))]
    public void Data_that_are_no_good_are_an_input(string command, string data, int code) =>
        Check(code, command, "good.onnx", data);

    public static TheoryData<int, string> Mistakes() => new()
    {
        { 1, "simulat" },
        { 1, "bench codc" },
        { 1, "simulate --sett rounds=1" },
        { 1, "simulate --codec topk(1%)|unifrm(4) --out OUT.run" },
        { 1, "completions tcsh" },
        { 1, "doctor --listen words" },
        { 1, "compress" },
        { 1, "compress good.onnx --codec unifrm(8) -o OUT.plume" },
        { 1, "compress good.onnx --codec delta|pack -o OUT.plume" },
        { 2, "compress good.onnx --codec delta|pack --reference missing.onnx -o OUT.plume" },
        { 1, "compress good.onnx -o " },
        { 3, "compress good.onnx -o missing/x.plume" },
        { 3, "compress good.onnx -o folder.plume" },
        { 3, "compress good.onnx -o good.onnx" },
        { 3, "compress good.onnx -o /dev/null" },
        { 3, "decompress good.plume -o folder.onnx" },
        { 1, "decompress good.plume -o OUT.txt" },
        { 1, "decompress good.onnx -o OUT.onnx" },
        { 2, "decompress empty.plume -o OUT.onnx" },
        { 2, "decompress missing.plume -o OUT.onnx" },
        { 2, "inspect good.onnx --against five.onnx" },
        { 2, "inspect good.onnx --against missing.onnx" },
        { 1, "inspect text.csv" },
        { 1, "bench codec good.onnx --seconds NaN" },
        { 1, "bench codec good.onnx --seconds -1" },
        { 1, "bench codec good.onnx --threads 0" },
        { 1, "bench codec normal(-3)" },
        { 1, "bench codec normal(9999999999999999999999)" },
        { 1, "bench codec text.csv" },
        { 1, "bench codec good.onnx --plot OUT.gif" },
        { 3, "bench codec good.onnx --plot missing/x.svg" },
        { 2, "bench codec nan.onnx" },
        { 1, "evaluate good.onnx" },
        { 1, "evaluate good.onnx --data digits --seed x" },
        { 1, "evaluate good.onnx --data digits --threads 0" },
        { 1, "quantize good.onnx --data digits --bits 9 -o OUT.onnx" },
        { 1, "quantize good.onnx --data digits --bits 0 -o OUT.onnx" },
        { 1, "quantize good.onnx --data digits --activations NaN -o OUT.onnx" },
        { 1, "quantize good.onnx --data digits --ends 99 -o OUT.onnx" },
        { 1, "quantize good.onnx --data digits --layer fc1.weight -o OUT.onnx" },
        { 1, "quantize good.onnx --data digits --ranges 3% -o OUT.onnx" },
        { 1, "quantize good.onnx --data digits --samples 0 -o OUT.onnx" },
        { 1, "quantize good.onnx --data digits --target-size much -o OUT.onnx" },
        { 1, "quantize good.onnx --data digits --max-loss -1pt -o OUT.onnx" },
        { 1, "quantize good.onnx -o OUT.onnx" },
        { 3, "quantize good.onnx --data digits -o good.onnx" },
        { 1, "quantize good.onnx --data digits --fine-tune -1 -o OUT.onnx" },
        { 1, "quantize good.onnx --data digits --temperature 0 -o OUT.onnx" },
        { 1, "prune good.onnx -o OUT.onnx" },
        { 1, "prune good.onnx --connections 50% --channels 50% -o OUT.onnx" },
        { 1, "prune good.onnx --connections 150% -o OUT.onnx" },
        { 1, "prune good.onnx --connections NaN% -o OUT.onnx" },
        { 1, "prune good.onnx --channels 100% -o OUT.onnx" },
        { 1, "prune good.onnx --channels 50% --score taylor -o OUT.onnx" },
        { 1, "prune good.onnx --channels 50% --score words -o OUT.onnx" },
        { 1, "prune good.onnx --nm 4:2 -o OUT.onnx" },
        { 1, "prune good.onnx --nm 0:0 -o OUT.onnx" },
        { 1, "prune good.onnx --nm two:four -o OUT.onnx" },
        { 1, "prune good.onnx --connections 50% --gradual -o OUT.onnx" },
        { 1, "prune good.onnx --connections 50% --fine-tune 1 -o OUT.onnx" },
        { 1, "prune good.onnx --connections 50% --leave-alone nothing.weight -o OUT.onnx" },
        { 1, "shrink good.onnx --data digits --to 0% -o OUT.onnx" },
        { 1, "shrink good.onnx --data digits --to NaN -o OUT.onnx" },
        { 1, "shrink good.onnx --data digits --max-loss 200pt -o OUT.onnx" },
        { 3, "shrink good.onnx --data digits -o missing/x.onnx" },
        { 1, "distill --teacher good.onnx --student words --data digits -o OUT.onnx" },
        { 1, "distill --teacher good.onnx --student 150% --data digits -o OUT.onnx" },
        { 1, "distill --teacher good.onnx --student mlp --temperature -1 --data digits -o OUT.onnx" },
        { 1, "distill --teacher good.onnx --student mlp --alpha 2 --data digits -o OUT.onnx" },
        { 1, "distill --teacher good.onnx --student mlp --hint x --data digits -o OUT.onnx" },
        { 3, "distill --teacher good.onnx --student mlp --data digits -o good.onnx" },
        { 1, "train words --data digits -o OUT.onnx" },
        { 1, "train lenet --data digits -o OUT.onnx" },
        { 1, "train mlp --data digits --learning-rate NaN -o OUT.onnx" },
        { 1, "train mlp --data digits --learning-rate -1 -o OUT.onnx" },
        { 1, "train mlp --data digits --learning-rate 1,5 -o OUT.onnx" },
        { 1, "train mlp --data digits --optimizer 1 -o OUT.onnx" },
        { 1, "prune good.onnx --channels 50% --score 3 -o OUT.onnx" },
        { 1, "prune good.onnx --channels 50% --of 1 -o OUT.onnx" },
        { 1, "quantize good.onnx --data digits --alpha 0,5 -o OUT.onnx" },
        { 1, "bench codec good.onnx --seconds 0,1" },
        { 1, "train mlp --data digits --epochs -1 -o OUT.onnx" },
        { 1, "train mlp --data digits --batch-size 0 -o OUT.onnx" },
        { 1, "train mlp --data digits --weight-decay NaN -o OUT.onnx" },
        { 1, "train good.onnx --data digits" },
        { 3, "train mlp --data digits -o folder.onnx" },
        { 2, "simulate missing.json --out OUT.run" },
        { 1, "simulate empty.json --out OUT.run" },
        { 1, "simulate text.json --out OUT.run" },
        { 2, "simulate folder.json --out OUT.run" },
        { 1, "simulate --set client.learningRate=NaN --out OUT.run" },
        { 1, "simulate --set data.set=null --out OUT.run" },
        { 1, "simulate --threads 0 --out OUT.run" },
        { 1, "simulate --save-every -1 --out OUT.run" },
        { 2, "simulate --set data.set=csv --set data.file=missing.csv --out OUT.run" },
        { 2, "simulate --set data.set=csv --set data.file=empty.csv --out OUT.run" },
        { 2, "simulate --set data.set=csv --set data.file=text.csv --out OUT.run" },
        { 2, "simulate --set data.set=csv --set data.file=head.csv --out OUT.run" },
        { 3, "simulate --out text.csv" },
        { 3, "simulate --out OUT.run --dump-updates text.csv" },
        { 3, "simulate --resume --out missing" },
        { 2, "serve --config missing.json --insecure" },
        { 1, "serve --config text.json --insecure" },
        { 1, "serve --insecure --certs missing" },
        { 1, "serve" },
        { 2, "serve --certs missing --state OUT.state" },
        { 1, "join words --federation digits --data digits" },
        { 1, "join http://127.0.0.1:1 --data digits --experiment text.json --name a --state OUT.state" },
        { 1, "join https://127.0.0.1:1 --data digits --state OUT.state" },
        { 3, "join http://127.0.0.1:1 --data digits --name a --state OUT.state -o missing/x.onnx" },
        { 1, "status words" },
        { 4, "status http://127.0.0.1:1" },
        { 1, "status https://127.0.0.1:1 --identity missing" },
        { 4, "pause http://127.0.0.1:1" },
        { 4, "extend http://127.0.0.1:1 --rounds 9" },
        { 1, "extend http://127.0.0.1:1" },
        { 1, "extend http://127.0.0.1:1 --rounds -1" },
        { 4, "clients http://127.0.0.1:1" },
        { 4, "revoke http://127.0.0.1:1 --name a" },
        { 1, "invite http://127.0.0.1:1 --name a --valid forever" },
        { 1, "enrol http://127.0.0.1:1 --name a --token-file text.csv" },
        { 2, "enrol https://127.0.0.1:1 --name a --token-file missing --identity OUT.id" },
        { 1, "fetch http://127.0.0.1:1 -o OUT.txt" },
        { 3, "fetch http://127.0.0.1:1 -o missing/x.onnx" },
        { 4, "fetch http://127.0.0.1:1 -o OUT.onnx" },
        { 1, "certs init --out OUT.certs --host ***" },
        { 3, "certs init --out text.csv" },
        { 3, "certs init --out text.csv/x" },
        { 1, "db apply --postgres words" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_of_any_command_has_its_code(int code, string line)
    {
        var before = files.All;
        var ended = InProcess.Run(line.Split(' ').Select(Placed));
        Told(code, ended, before);
    }

    void Check(int code, string command, string model, string data, string? names = null)
    {
        var before = files.All;
        var ended = InProcess.Run(Lines[command].Replace("MODEL", model, StringComparison.Ordinal)
            .Replace("GOOD", "good.onnx", StringComparison.Ordinal)
            .Replace("DATA", data, StringComparison.Ordinal).Split(' ').Select(Placed));
        Told(code, ended, before);
        if (names is not null)
            Assert.Contains(names, ended.Error);
    }

    void Told(int code, Program.Ended ended, IReadOnlyList<string> before)
    {
        Assert.Equal((code, ""), (ended.Code, ended.Output + (code == ended.Code ? "" : ended.Error)));
        // Notes on what was done so far may stand before it.
        Assert.Single(ended.Error.Split('\n'), line => line.StartsWith("plume: ", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", ended.Error);
        Assert.DoesNotContain("(Parameter '", ended.Error);
        Assert.Equal(before, files.All);
    }

    // Names of files stand in the lines as they are called in the folder.
    string Placed(string word)
    {
        int sign = word.StartsWith("data.file=", StringComparison.Ordinal)
            || word.StartsWith("model.file=", StringComparison.Ordinal) ? word.IndexOf('=', StringComparison.Ordinal) + 1 : 0;
        string name = word[sign..];
        bool isFile = name.StartsWith("OUT.", StringComparison.Ordinal) || name.StartsWith("missing", StringComparison.Ordinal)
            || name.Contains(".csv/", StringComparison.Ordinal) || Path.GetExtension(name) is ".onnx" or ".plume"
                or ".safetensors" or ".npy" or ".csv" or ".json";
        return isFile ? word[..sign] + files[name] : word;
    }
}
