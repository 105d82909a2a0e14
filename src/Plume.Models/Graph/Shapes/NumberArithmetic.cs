namespace Plume.Models.Graph.Shapes;

/// <summary>What an operator makes of integers; null where it may not be a known integer.</summary>
static class NumberArithmetic
{
    public static Number? Of(string operation, Number[] operands)
    {
        if (operation == "Where")
            return operands is [{ Symbol: null } condition, var yes, var no] ? condition.Value != 0 ? yes : no : null;
        if (operands.Any(operand => operand.Symbol is not null))
            return Symbolic(operation, operands);
        long[] values = [.. operands.Select(operand => operand.Value)];
        // Lengths are far below, so that nothing here passes 64 bits.
        if (values.Any(value => Math.Abs((double)value) > int.MaxValue))
            return operation is "Max" or "Min" ? (operation == "Max" ? values.Max() : values.Min()) : default(Number?);
        return values switch
        {
            [var only] => Unary(operation, only),
            [var left, var right] => Binary(operation, left, right),
            _ => null,
        };
    }

    // A symbol stands for what it is where the operation changes nothing.
    static Number? Symbolic(string operation, Number[] operands) => (operation, operands) switch
    {
        ("Mul" or "Div", [var symbol, { Symbol: null, Value: 1 }]) => symbol,
        ("Mul", [{ Symbol: null, Value: 1 }, var symbol]) => symbol,
        ("Add" or "Sub", [var symbol, { Symbol: null, Value: 0 }]) => symbol,
        ("Add", [{ Symbol: null, Value: 0 }, var symbol]) => symbol,
        // No length is negative, as an exporter's question whether one is -1 wants to know.
        ("Equal", [{ Symbol: not null }, { Symbol: null, Value: < 0 }]) => 0,
        ("Equal", [{ Symbol: null, Value: < 0 }, { Symbol: not null }]) => 0,
        _ => null,
    };

    static Number? Unary(string operation, long value) => operation switch
    {
        "Neg" => -value,
        "Abs" => Math.Abs(value),
        "Not" => value == 0 ? 1 : 0,
        "Floor" or "Ceil" or "Round" => value,
        "Sign" => Math.Sign(value),
        "Max" or "Min" or "Sum" => value,
        _ => default(Number?),
    };

    static Number? Binary(string operation, long left, long right) => operation switch
    {
        "Add" or "Sum" => left + right,
        "Sub" => left - right,
        "Mul" => left * right,
        "Div" when right != 0 => left / right,
        "Mod" when right > 0 && left >= 0 => left % right,
        "Max" => Math.Max(left, right),
        "Min" => Math.Min(left, right),
        "Equal" => left == right ? 1 : 0,
        "Greater" => left > right ? 1 : 0,
        "GreaterOrEqual" => left >= right ? 1 : 0,
        "Less" => left < right ? 1 : 0,
        "LessOrEqual" => left <= right ? 1 : 0,
        "And" => left != 0 && right != 0 ? 1 : 0,
        "Or" => left != 0 || right != 0 ? 1 : 0,
        "Xor" => (left != 0) != (right != 0) ? 1 : 0,
        _ => default(Number?),
    };
}
