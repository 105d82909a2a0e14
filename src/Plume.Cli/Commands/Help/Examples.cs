namespace Plume.Cli.Commands.Help;

/// <summary>
/// Lines to begin with, for each command; a test parses them all. What stands behind the two spaces says what the line does.
/// </summary>
static class Examples
{
    static readonly Dictionary<string, string[]> Lines = new()
    {
        [""] = ["simulate", "train lenet --data fashion-mnist", "serve --insecure", "doctor"],
        ["simulate"] =
        [
            "simulate  digits over twenty clients, beside the same with 32-bit floats",
            "simulate experiment.json --set rounds=5 --out runs/try",
            "simulate --codec \"topk(1%) | uniform(4) | rans\" --no-baseline",
            "simulate --out runs/try --resume",
            "simulate --open  with a page that shows it while it goes on",
        ],
        ["view"] = ["view runs/try", "view runs/first runs/second --open  both in the same charts"],
        ["plan"] =
        [
            "plan experiments/digits.json --loss 0.5",
            "plan mine.json --budget 300kB --links \"lognormal(down=20, up=5, spread=0.5)\" --out plan",
            "plan mine.json --budget \"2MB a client a month\" --rounds-a-month 30",
        ],
        ["compare"] = ["compare first.json second.json --seeds 1,2,3", "compare *.json --set rounds=10 --out comparison"],
        ["attack"] = ["attack experiment.json --attack \"scale(10)\" --attack label-flip --clients 20% --out attack.html"],
        ["leak"] =
        [
            "leak experiment.json --out leak.html",
            "leak --samples 1 --set client.epochs=1 --uplink \"sign | pack\"  what clients of one sample give away",
        ],
        ["privacy"] =
        [
            "privacy experiment.json",
            "privacy --clients 1000 --participants 50 --rounds 100 --epsilon 8  the noise that this takes",
        ],
        ["report"] = ["report runs/try", "report runs/try -o so-far.html  of a run that was stopped"],
        ["export"] =
        [
            "export runs/try --to csv",
            "export runs/try --to tensorboard -o logs/try  then: tensorboard --logdir logs",
        ],
        ["serve"] =
        [
            "serve --insecure  digits, for clients on this machine",
            "serve experiment.json --certs certs --state server --listen 0.0.0.0:7443",
            "serve --config serve.json --metrics 127.0.0.1:9464",
        ],
        ["join"] =
        [
            "join http://127.0.0.1:7443 --name trial --number 0-19 --state clients --experiment digits  twenty at once",
            "join https://server.example:7443 --root root.pem --federation digits --state site-a --data own.csv",
        ],
        ["certs init"] = ["certs init --out certs --host server.example --host 10.0.0.5"],
        ["db apply"] = ["db apply --postgres \"Host=db;Database=plume;Username=plume\"", "db apply  by PLUME_POSTGRES"],
        ["enrol"] = ["enrol https://server.example:7443 --root root.pem --name site-a --token-file site-a.token"],
        ["invite"] =
        [
            "invite https://server.example:7443 --root root.pem --name site-a --federation digits",
            "invite https://server.example:7443 --root root.pem --name deputy --admin --valid 1d",
        ],
        ["revoke"] = ["revoke https://server.example:7443 --root root.pem --name site-a"],
        ["clients"] = ["clients https://server.example:7443 --root root.pem", "clients http://127.0.0.1:7443 --json"],
        ["places"] = ["places https://server.example:7443 --root root.pem --federation digits"],
        ["release"] = ["release https://server.example:7443 --root root.pem --federation digits --name site-a"],
        ["status"] = ["status http://127.0.0.1:7443", "status https://server.example:7443 --root root.pem --json"],
        ["watch"] = ["watch https://server.example:7443 --root root.pem --federation digits"],
        ["pause"] = ["pause https://server.example:7443 --root root.pem"],
        ["resume"] = ["resume https://server.example:7443 --root root.pem"],
        ["extend"] = ["extend https://server.example:7443 --rounds 200 --root root.pem  a finished federation too"],
        ["stop"] = ["stop https://server.example:7443 --root root.pem"],
        ["sign-in"] = ["sign-in https://server.example:7443 --root root.pem"],
        ["fetch"] = ["fetch https://server.example:7443 --root root.pem --federation digits -o digits.onnx"],
        ["summarize"] =
        [
            "summarize own.csv --label class -o site-a.json  what a site says of its rows before training",
            "summarize site-a.json site-b.json -o columns.json",
        ],
        ["train"] = ["train lenet --data fashion-mnist --epochs 12 -o lenet.onnx", "train mlp --data own.csv --label class --normalize"],
        ["prune"] =
        [
            "prune lenet.onnx --channels 75% --data fashion-mnist --fine-tune 8",
            "prune lenet.onnx --connections 90%",
        ],
        ["quantize"] =
        [
            "quantize lenet.onnx --bits 8 --data fashion-mnist",
            "quantize lenet.onnx --bits 4 --packed --data fashion-mnist --fine-tune 3",
        ],
        ["distill"] = ["distill --teacher lenet.onnx --student lenet-small --temperature 2 --data fashion-mnist"],
        ["shrink"] = ["shrink lenet.onnx --to 2.5% --max-loss 1pt --data fashion-mnist"],
        ["evaluate"] = ["evaluate lenet.onnx lenet.small.onnx --data fashion-mnist"],
        ["sensitivity"] = ["sensitivity lenet.onnx --data fashion-mnist"],
        ["compress"] = ["compress model.onnx --codec \"uniform(8, channel) | rans\""],
        ["decompress"] = ["decompress model.plume", "decompress model.plume -o model.safetensors"],
        ["inspect"] = ["inspect model.plume --against model.onnx"],
        ["bench codec"] =
        [
            "bench codec \"normal(10M)\"",
            "bench codec updates --codec \"deadzone(nmse=0.1) | range\" --plot rate.png",
        ],
        ["bench secure"] = ["bench secure --clients 100 --values 1000000 --drop-out 10%"],
        ["schema"] = ["schema > experiment.schema.json"],
        ["doctor"] = ["doctor", "doctor --certs certs --json"],
        ["completions"] =
        [
            "completions bash > ~/.local/share/bash-completion/completions/plume",
            "completions zsh > ~/.zfunc/_plume  with ~/.zfunc in fpath, before compinit",
            "completions fish > ~/.config/fish/completions/plume.fish",
            "completions pwsh >> $PROFILE",
        ],
    };

    /// <summary>The commands that have some, by their words behind <c>plume</c>.</summary>
    public static IEnumerable<string> Commands => Lines.Keys;

    /// <summary>The lines for a command, each with what it does or nothing.</summary>
    public static IEnumerable<(string Line, string What)> Of(string command) =>
        Lines.GetValueOrDefault(command, []).Select(text => text.Split("  ", 2))
            .Select(parts => ($"plume {parts[0]}", parts.Length > 1 ? parts[1] : ""));
}
