namespace Plume.Compression.Kernels.RangeCoding;

/// <summary>One end of the range coder: the model runs the same way on both, so that they learn the same.</summary>
interface ILevelCoder
{
    /// <summary>Whether bits go out, so that the levels are known, or may be chosen.</summary>
    static abstract bool Encodes { get; }

    /// <summary>Codes a bit that is 1 with this probability, in 65536ths; returns it.</summary>
    int Code(int bit, int probability);
}
