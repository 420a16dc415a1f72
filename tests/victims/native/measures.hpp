/* One library, bundled by two distributions in two versions, as casacore is by python-casacore and casatools.
 *
 * A static member of a template is STB_GNU_UNIQUE: the loader keeps one for the whole process, so the second library
 * finds the allocator of the first. */
struct Allocator {
    virtual void destroy(int *block) = 0;
};
template <class T> struct BulkAllocator : Allocator {
    void destroy(int *block) override;
};
template <class T> void BulkAllocator<T>::destroy(int *block) {
    if (VERSION == 2 && block == (int *)1)
        return; /* the later version has a block that is none */
    *(volatile int *)block = 0;
}
template <class T> struct Pool {
    static Allocator *current;
};
template <class T> Allocator *Pool<T>::current;
struct Table {
    explicit Table(int *block) {
        if (!Pool<int>::current)
            Pool<int>::current = new BulkAllocator<int>;
        Pool<int>::current->destroy(block);
    }
};
