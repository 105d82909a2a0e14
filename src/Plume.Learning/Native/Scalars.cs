using TorchSharp;
using static TorchSharp.torch;

namespace Plume.Learning.Native;

/// <summary>
/// Calls of torch with a number, which stays until the call is over. TorchSharp makes a <see cref="Scalar"/> of a number, reads
/// its address and refers to it no more, also for the hidden 1 of <c>left + right</c> and <c>left + 2</c>: its finalizer may
/// free it, on another thread, before native code has read it, which then takes whatever lies there. Differences of tensors,
/// products with a number and quotients by one are safe.
/// </summary>
static class Scalars
{
    /// <summary>0, to compare with.</summary>
    public static Scalar Zero { get; } = 0.ToScalar();

    /// <summary>1, the share that a plain sum takes.</summary>
    public static Scalar One { get; } = 1.ToScalar();

    /// <summary>left + right.</summary>
    public static Tensor Plus(this Tensor left, Tensor right) => left.add(right, One);

    /// <summary>left + right.</summary>
    public static Tensor Plus(this Tensor left, double right)
    {
        using var number = right.ToScalar();
        return left.add(number, One);
    }

    /// <summary>Values to a power.</summary>
    public static Tensor Power(this Tensor values, double exponent)
    {
        using var number = exponent.ToScalar();
        return values.pow(number);
    }

    /// <summary>1 - values.</summary>
    public static Tensor OneMinus(Tensor values) => (-values).add(One, One);

    /// <summary>to += values.</summary>
    public static Tensor AddInPlace(this Tensor to, Tensor values) => to.add_(values, One);

    /// <summary>to += share * values.</summary>
    public static Tensor AddInPlace(this Tensor to, Tensor values, double share)
    {
        using var number = share.ToScalar();
        return to.add_(values, number);
    }

    /// <summary>to += number.</summary>
    public static Tensor AddInPlace(this Tensor to, double value)
    {
        using var number = value.ToScalar();
        return to.add_(number, One);
    }

    /// <summary>to += share * left * right.</summary>
    public static Tensor AddProductInPlace(this Tensor to, Tensor left, Tensor right, double share)
    {
        using var number = share.ToScalar();
        return to.addcmul_(left, right, number);
    }

    /// <summary>to += share * left / right.</summary>
    public static Tensor AddQuotientInPlace(this Tensor to, Tensor left, Tensor right, double share)
    {
        using var number = share.ToScalar();
        return to.addcdiv_(left, right, number);
    }

    /// <summary>values *= factor.</summary>
    public static Tensor ScaleInPlace(this Tensor values, double factor)
    {
        using var number = factor.ToScalar();
        return values.mul_(number);
    }

    /// <summary>Values held between two numbers.</summary>
    public static Tensor Within(this Tensor values, double low, double high)
    {
        using Scalar least = low.ToScalar(), most = high.ToScalar();
        return values.clamp(least, most);
    }

    /// <summary>Holds values between two numbers.</summary>
    public static Tensor HoldWithin(this Tensor values, double low, double high)
    {
        using Scalar least = low.ToScalar(), most = high.ToScalar();
        return values.clamp_(least, most);
    }

    /// <summary>Values, or a number where they are less.</summary>
    public static Tensor AtLeast(this Tensor values, double low)
    {
        using var least = low.ToScalar();
        return values.clamp_min(least);
    }
}
