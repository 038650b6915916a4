using System.Numerics;

namespace FocalNet.Runtime.Weights.PyTorch;

/// <summary>
/// A pickle virtual machine (protocols 0 to 5, binary opcodes) that builds data and never runs code: globals come from
/// the allow-list of <see cref="TorchGlobals"/>, and the only calls are those listed there. Opcodes as in CPython's
/// Lib/pickletools.py.
/// </summary>
internal sealed class PickleMachine(PickleInput input, Func<object?, object?> loadPersistent)
{
    private readonly List<object?> stack = [];
    private readonly List<int> marks = [];
    private readonly Dictionary<long, object?> memo = [];

    /// <summary>Runs one pickle up to its STOP and returns what it built.</summary>
    internal object? Run()
    {
        while (true)
        {
            input.Spend(1);
            var at = input.Position;
            var opcode = (char)input.ReadByte();
            if (opcode == '.') return Pop();
            if (!Constant(opcode) && !Container(opcode) && !StackOrMemo(opcode) && !Object(opcode))
                throw input.Error($"opcode 0x{(int)opcode:X2} does not occur in checkpoints; the file is damaged, or was not written by torch.save.", at);
        }
    }

    private bool Constant(char opcode)
    {
        switch (opcode)
        {
            case 'N': Push(null); break;
            case '\x88': Push(true); break;
            case '\x89': Push(false); break;
            case 'J': Push((long)input.ReadInt32()); break;
            case 'K': Push((long)input.ReadByte()); break;
            case 'M': Push((long)input.ReadUInt16()); break;
            case '\x8a': Push(Integer(input.ReadByte())); break;
            case '\x8b': Push(Integer(input.ReadUInt32())); break;
            case 'G': Push(input.ReadDouble()); break;
            case 'X': Push(input.ReadText(input.ReadUInt32())); break;
            case '\x8c': Push(input.ReadText(input.ReadByte())); break;
            case '\x8d': Push(input.ReadText(input.ReadUInt64())); break;
            case 'U' or 'C': Push(BytesOrText(opcode, input.ReadByte())); break;
            case 'T' or 'B': Push(BytesOrText(opcode, input.ReadUInt32())); break;
            case '\x8e': Push(input.Take(input.ReadUInt64()).ToArray()); break;
            default: return false;
        }
        return true;
    }

    /// <summary>Python 2 wrote its byte strings ('U', 'T') where Python 3 writes texts; bytes of Python 3 ('C', 'B') stay bytes.</summary>
    private object BytesOrText(char opcode, uint length)
        => opcode is 'U' or 'T' ? input.ReadText(length) : input.Take(length).ToArray();

    private object Integer(uint length)
    {
        if (length > 32) throw input.Error($"an integer of {length} bytes does not occur in checkpoints.");
        var value = new BigInteger(input.Take(length));
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    private bool Container(char opcode)
    {
        switch (opcode)
        {
            case '}': Push(new PickleDictionary()); break;
            case ']' or '\x8f': Push(new PickleList([])); break;
            case ')': Push(new PickleTuple([])); break;
            case 't': Push(new PickleTuple(PopToMark())); break;
            case 'l' or '\x91': Push(new PickleList(PopToMark())); break;
            case 'd': Push(SetItems(new PickleDictionary(), PopToMark())); break;
            case '\x85': Push(new PickleTuple(PopMany(1))); break;
            case '\x86': Push(new PickleTuple(PopMany(2))); break;
            case '\x87': Push(new PickleTuple(PopMany(3))); break;
            case 'a': AppendItems(PopMany(1)); break;
            case 'e' or '\x90': AppendItems(PopToMark()); break;
            case 's': SetItemsOfTop(PopMany(2)); break;
            case 'u': SetItemsOfTop(PopToMark()); break;
            default: return false;
        }
        return true;
    }

    private void AppendItems(object?[] items)
    {
        if (Top() is PickleList list) list.Items.AddRange(items);
        else if (Top() is not OpaqueObject) throw input.Error("items are appended to what is no list.");
    }

    private void SetItemsOfTop(object?[] items)
    {
        if (Top() is PickleDictionary dictionary) SetItems(dictionary, items);
        else if (Top() is not OpaqueObject) throw input.Error("items are set on what is no dictionary.");
    }

    private PickleDictionary SetItems(PickleDictionary dictionary, object?[] items)
    {
        if (items.Length % 2 != 0) throw input.Error("a dictionary gets a key without a value.");
        for (var i = 0; i < items.Length; i += 2) dictionary.Entries.Add(new(items[i], items[i + 1]));
        return dictionary;
    }

    private bool StackOrMemo(char opcode)
    {
        switch (opcode)
        {
            case '\x80': RequireProtocol(input.ReadByte()); break;
            case '\x95': input.ReadUInt64(); break;
            case '(': marks.Add(stack.Count); break;
            case '0': Pop(); break;
            case '1': PopToMark(); break;
            case '2': Push(Top()); break;
            case 'h': Push(Recall(input.ReadByte())); break;
            case 'j': Push(Recall(input.ReadUInt32())); break;
            case 'q': memo[input.ReadByte()] = Top(); break;
            case 'r': memo[input.ReadUInt32()] = Top(); break;
            case '\x94': memo[memo.Count] = Top(); break;
            default: return false;
        }
        return true;
    }

    private void RequireProtocol(byte protocol)
    {
        if (protocol > 5) throw input.Error($"pickle protocol {protocol} is unknown.");
    }

    private object? Recall(long index) => memo.TryGetValue(index, out var value)
        ? value
        : throw input.Error($"the pickle refers to object {index}, which it did not store.");

    private bool Object(char opcode)
    {
        switch (opcode)
        {
            case 'c': Push(TorchGlobals.Resolve(input.ReadLine(), input.ReadLine(), input)); break;
            case '\x93': PushGlobalOfStack(); break;
            case 'i': TorchGlobals.Resolve(input.ReadLine(), input.ReadLine(), input); return false;
            case 'R' or '\x81': Call(); break;
            case 'b': Build(); break;
            case 'Q': Push(loadPersistent(Pop())); break;
            default: return false;
        }
        return true;
    }

    private void PushGlobalOfStack()
    {
        var names = PopMany(2);
        if (names is not [string module, string name]) throw input.Error("a global's name is not a text.");
        Push(TorchGlobals.Resolve(module, name, input));
    }

    private void Call()
    {
        if (PopMany(2) is not [PickleGlobal global, PickleTuple arguments])
            throw input.Error("something is called that is no known global.");
        Push(TorchGlobals.Call(global, arguments.Items, input));
    }

    /// <summary>Attributes of an object (a state_dict's _metadata, a scheduler's fields): nothing here needs them.</summary>
    private void Build()
    {
        Pop();
        Top();
    }

    private void Push(object? value) => stack.Add(value);

    private int Bottom => marks.Count == 0 ? 0 : marks[^1];

    private object? Top() => stack.Count > Bottom ? stack[^1] : throw input.Error("the pickle uses a value it did not push.");

    private object? Pop()
    {
        var value = Top();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    private object?[] PopMany(int count)
    {
        if (stack.Count - Bottom < count) throw input.Error("the pickle uses a value it did not push.");
        object?[] values = [.. stack[^count..]];
        stack.RemoveRange(stack.Count - count, count);
        return values;
    }

    private object?[] PopToMark()
    {
        if (marks.Count == 0) throw input.Error("the pickle closes a group it did not open.");
        var values = PopMany(stack.Count - marks[^1]);
        marks.RemoveAt(marks.Count - 1);
        return values;
    }
}
