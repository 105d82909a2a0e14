using Plume.Compression.Kernels.Rotation;

namespace Plume.Compression.Tests.Kernels;

public class RotationTests
{
    public static TheoryData<int> Lengths => [1, 2, 3, 5, 7, 31, 100, 255, 257, 300, 801, 4095, 5000, 12_800, 33_333, 65_535];

    [Fact]
    public void A_transform_makes_the_sums_of_the_plain_algorithm_to_the_last_bit()
    {
        for (int length = 1; length <= 65_536; length *= 2)
        {
            float[] values = Some.Normal(length, (ulong)length), expected = [.. values];
            Hadamard.Transform(values);
            PlainTransform(expected);
            Assert.Equal(expected, values);
        }
    }

    [Fact]
    public void A_transform_is_the_product_with_signs_of_common_bits()
    {
        const int length = 512;
        float[] values = Some.Normal(length), transformed = [.. values];
        Hadamard.Transform(transformed);
        for (int row = 0; row < length; row++)
        {
            double sum = 0;
            for (int column = 0; column < length; column++)
                sum += int.IsEvenInteger(int.PopCount(row & column)) ? values[column] : -values[column];
            Assert.Equal(sum / Math.Sqrt(length), transformed[row], 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_rotation_keeps_lengths_and_angles_and_is_taken_back(int length)
    {
        float[] first = Some.Normal(length, 1), second = Some.Laplace(length, 2);
        float[] rotatedFirst = [.. first], rotatedSecond = [.. second];
        RandomRotation.Rotate(rotatedFirst, Some.Key());
        RandomRotation.Rotate(rotatedSecond, Some.Key());
        double size = Math.Sqrt(Product(first, first) * Product(second, second));
        Assert.Equal(Product(first, first), Product(rotatedFirst, rotatedFirst), 1e-6 * Product(first, first));
        Assert.Equal(Product(first, second), Product(rotatedFirst, rotatedSecond), 1e-6 * size);
        RandomRotation.Unrotate(rotatedFirst, Some.Key());
        Assert.True(Some.Nmse(first, rotatedFirst) < 1e-12);
    }

    [Theory]
    [InlineData(65_536)]
    [InlineData(65_535)]
    [InlineData(49_152)]
    [InlineData(33_000)]
    [InlineData(801)]
    public void One_value_is_spread_over_all(int length)
    {
        foreach (int place in new[] { 0, length / 3, length / 2, length - 1 })
        {
            var values = new float[length];
            values[place] = 1;
            RandomRotation.Rotate(values, Some.Key());
            double meanMagnitude = values.Average(value => Math.Abs((double)value)) * Math.Sqrt(length);
            // 1 where all magnitudes are alike; of a normal value it is 0.798. Far below that, one scale would fit the block
            // badly.
            Assert.InRange(meanMagnitude, 0.785, 1 + 1e-6);
        }
    }

    [Fact]
    public void Signs_are_the_bits_of_the_draws()
    {
        float[] values = Some.Normal(1_000), turned = [.. values];
        RandomSigns.Flip(turned, Some.Key(3));
        for (int i = 0; i < values.Length; i++)
            Assert.Equal((Some.Key(3).Bits((ulong)(i / 64)) >> (i % 64) & 1) == 0 ? values[i] : -values[i], turned[i]);
    }

    [Fact]
    public void Another_key_is_another_rotation()
    {
        float[] first = Some.Normal(300), second = [.. first];
        RandomRotation.Rotate(first, Some.Key(1));
        RandomRotation.Rotate(second, Some.Key(2));
        Assert.NotEqual(first, second);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-41f)]
    [InlineData(1e36f)]
    public void Extreme_values_stay_finite(float magnitude)
    {
        foreach (int length in new[] { 256, 801, 65_536 })
        {
            float[] values = Array.ConvertAll(Some.Normal(length), value => value < 0 ? -magnitude : magnitude);
            RandomRotation.Rotate(values, Some.Key());
            Assert.DoesNotContain(values, value => !float.IsFinite(value));
            RandomRotation.Unrotate(values, Some.Key());
            Assert.DoesNotContain(values, value => !float.IsFinite(value));
        }
    }

    [Fact]
    public void What_a_float_cannot_hold_is_infinite_for_the_sender_to_find_and_the_largest_float_for_a_receiver()
    {
        float[] values = Array.ConvertAll(Some.Normal(801), value => value < 0 ? -3e38f : 3e38f), received = [.. values];
        RandomRotation.Rotate(values, Some.Key());
        Assert.Contains(values, float.IsInfinity);
        RandomRotation.Unrotate(received, Some.Key());
        Assert.Contains(received, value => Math.Abs(value) == float.MaxValue);
        Assert.DoesNotContain(received, value => !float.IsFinite(value));
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public void What_is_not_finite_is_not_hidden(float value)
    {
        foreach (int length in new[] { 256, 801 })
        {
            float[] values = Some.Normal(length);
            values[7] = value;
            RandomRotation.Rotate(values, Some.Key());
            Assert.Contains(values, rotated => !float.IsFinite(rotated));
        }
    }

    [Fact]
    public void Rotating_allocates_nothing()
    {
        float[] values = Some.Normal(5000);
        RandomRotation.Rotate(values, Some.Key());
        long allocated = long.MaxValue;
        // The least of several times: the runtime allocates now and then, too.
        for (int time = 0; time < 5; time++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            RandomRotation.Rotate(values, Some.Key());
            RandomRotation.Unrotate(values, Some.Key());
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, allocated);
    }

    static void PlainTransform(float[] values)
    {
        for (int half = values.Length / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < values.Length; i++)
            {
                if ((i & half) == 0)
                    (values[i], values[i + half]) = (values[i] + values[i + half], values[i] - values[i + half]);
            }
        }

        float scale = (float)(1 / Math.Sqrt(values.Length));
        for (int i = 0; i < values.Length; i++)
            values[i] *= scale;
    }

    static double Product(float[] left, float[] right) => left.Zip(right, (a, b) => (double)a * b).Sum();
}
