using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;
using Plume.Learning.Data;
using Plume.Learning.Native;
using Plume.Pages.Charts;

namespace Plume.Cli.Doctor;

/// <summary>What commands are made of: torch, ONNX Runtime, data sets.</summary>
static class Ingredients
{
    const string NeedTorch = "simulate, compare, attack, join, train, distill, shrink, sensitivity, and what fine-tunes";
    const string NeedRuntime = "evaluate, quantize, prune --score taylor, and the check of each model that is written";

    public static IEnumerable<Finding> Look() => [Torch(), Runtime(), Digits(), Fashion()];

    static Finding Torch()
    {
        var watch = Stopwatch.StartNew();
        return Try("torch", NeedTorch, () =>
        {
            TorchLibrary.EnsureLoaded();
            using var one = TorchSharp.torch.ones(1);
            return $"TorchSharp {typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3)}, loaded in "
                + $"{Quantity.Seconds(watch.Elapsed.TotalSeconds)}"
                + (TorchLibrary.ConvolvesByOneDnn ? "" : "; without oneDNN, whose gradients of convolutions are wrong here");
        });
    }

    static Finding Runtime() =>
        Try("ONNX Runtime", NeedRuntime, () => $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}");

    // Whatever is wrong with a native library, it is what is to be told.
    static Finding Try(string what, string needing, Func<string> look)
    {
        try
        {
            return Finding.Good(what, look());
        }
        catch (Exception missing) when (missing is DllNotFoundException or TypeInitializationException or NotSupportedException
            or EntryPointNotFoundException or BadImageFormatException or IOException)
        {
            string reason = (missing.InnerException ?? missing).Message.Split('\n')[0];
            return Finding.Wrong(what, reason, $"These commands do not work here: {needing}.");
        }
    }

    static Finding Digits() => Finding.Good("digits", $"{Plume.Learning.Data.Digits.Load().Train.Count} samples, built in");

    static Finding Fashion() => MnistFolder.Fashion.Missing(null) is not { } missing
        ? Finding.Good("fashion-mnist", MnistFolder.Fashion.DefaultFolder!)
        : Finding.Note("fashion-mnist", "is not here", missing);
}
