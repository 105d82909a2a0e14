namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>One end of the range coder: the model runs the same way on both, so that they learn the same.</summary>
interface ILevelCoder
{
    /// <summary>The probability of a bit that is as likely 0 as 1.</summary>
    const int Even = 1 << 15;

    /// <summary>Whether bits go out, so that the levels are known, or may be chosen.</summary>
    static abstract bool Encodes { get; }

    /// <summary>Codes a bit that is 1 with this probability, in 65536ths; returns it.</summary>
    int Code(int bit, int probability);

    /// <summary>Codes a bit of each of some lanes, the lowest first; returns them.</summary>
    /// <param name="lanes">Which ones, 16 at most.</param>
    /// <param name="bits">Each lane's bit; a decoder does not look at them.</param>
    /// <param name="probability">The first lane's, that it is 1, in 65536ths; those of the others follow.</param>
    uint CodeEach(uint lanes, uint bits, ref int probability);

    /// <summary>Codes a number bit by bit, the highest first, each as likely 0 as 1; returns it.</summary>
    /// <param name="coder">One end of the wire.</param>
    /// <param name="number">A decoder does not look at it.</param>
    /// <param name="bits">How many of its lowest bits are coded.</param>
    static uint CodeNumber<TCoder>(ref TCoder coder, uint number, int bits)
        where TCoder : struct, ILevelCoder, allows ref struct
    {
        uint coded = 0;
        for (int bit = bits - 1; bit >= 0; bit--)
            coded = (coded << 1) | (uint)coder.Code((int)(number >> bit & 1), Even);
        return coded;
    }
}
