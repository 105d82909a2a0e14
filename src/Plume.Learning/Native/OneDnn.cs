using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Plume.Learning.Native;

/// <summary>
/// oneDNN, by which torch convolves. The one in libtorch 2.10 gives wrong gradients, without a word, for convolutions of few
/// channels where a processor does not say what caches it has, as in some virtual machines (found on AMD EPYC of family 26, by
/// the kernels jit:avx2 and jit:avx512_core of backward_data). Where it does, torch's own convolutions are taken.
/// </summary>
static class OneDnn
{
    const int Batch = 3, Length = 9;

    /// <summary>
    /// Turns it off where it computes wrongly. Turns NNPACK off, too, which torch would take in its place, and which complains on
    /// each call, even where it is not taken, if it does not know the processor.
    /// </summary>
    /// <param name="core">libtorch_cpu; 0 where it is not known.</param>
    /// <returns>Whether it is used.</returns>
    /// <exception cref="PlatformNotSupportedException">It computes wrongly, and cannot be turned off.</exception>
    public static bool UseIfSound(nint core)
    {
        _ = TryTurnOff(core, "_ZN2at7Context20setUserEnabledNNPACKEb");
        bool isSound = IsSound();
        if (!isSound && !(TryTurnOff(core, "_ZN2at7Context20setUserEnabledMkldnnEb") && IsSound()))
            throw new PlatformNotSupportedException("On this machine torch computes wrong gradients of convolutions (oneDNN). "
                + "Set the environment variable ONEDNN_MAX_CPU_ISA to AVX, and start again.");
        return isSound;
    }

    // Small integers, whose sums are exact; doubles are convolved by torch itself.
    static bool IsSound()
    {
        foreach (int inputs in new[] { 1, 2, 4, 7 })
        {
            foreach (int outputs in new[] { 1, 3, 8 })
            {
                foreach (var (height, width, stride) in new[] { (1, 3, 1), (2, 2, 2), (3, 3, 1), (5, 5, 1) })
                {
                    using var scope = NewDisposeScope();
                    var x = Integers(Batch, inputs, Length, Length);
                    var kernel = Integers(outputs, inputs, height, width);
                    var exact = InputGradient(x.to(ScalarType.Float64), kernel.to(ScalarType.Float64), stride);
                    if (!InputGradient(x, kernel, stride).to(ScalarType.Float64).allclose(exact, 0, 0))
                        return false;
                }
            }
        }

        return true;
    }

    static Tensor Integers(params long[] shape)
    {
        long count = shape.Aggregate(1L, (product, length) => product * length);
        return (arange(count).multiply(37).remainder(11) - 5).to(ScalarType.Float32).view(shape);
    }

    static Tensor InputGradient(Tensor x, Tensor kernel, long stride)
    {
        var input = x.detach().requires_grad_();
        var output = nn.functional.conv2d(input, kernel, strides: [stride, stride]);
        (output * (arange(output.numel()).remainder(7) - 3).to(output.dtype).view(output.shape)).sum().backward();
        return input.grad!;
    }

    static unsafe bool TryTurnOff(nint core, string setting)
    {
        if (core == 0 || !NativeLibrary.TryGetExport(core, "_ZN2at13globalContextEv", out nint context)
            || !NativeLibrary.TryGetExport(core, setting, out nint set))
            return false;
        ((delegate* unmanaged<nint, byte, void>)set)(((delegate* unmanaged<nint>)context)(), 0);
        return true;
    }
}
