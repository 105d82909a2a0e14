namespace Plume.Federation.SecureSums.Sharing;

/// <summary>Whole numbers modulo the smallest prime above 2^31, each in four bytes.</summary>
static class PrimeField
{
    /// <summary>2^31 + 11.</summary>
    public const uint Prime = 2147483659;

    public static uint Add(uint left, uint right) => (uint)(((ulong)left + right) % Prime);

    public static uint Subtract(uint left, uint right) => (uint)(((ulong)left + Prime - right) % Prime);

    public static uint Multiply(uint left, uint right) => (uint)((ulong)left * right % Prime);

    /// <summary>By Fermat: value^(Prime - 2). The value is not 0.</summary>
    public static uint Invert(uint value)
    {
        uint result = 1;
        for (uint power = value, exponent = Prime - 2; exponent > 0; exponent >>= 1, power = Multiply(power, power))
        {
            if ((exponent & 1) != 0)
                result = Multiply(result, power);
        }

        return result;
    }
}
