"""The entities of clue-exchange 1.0 as frozen models (facts/domain.md 2).

One module a family; everything that other rooms need is named here. ``ENTITIES`` is the list of them all.
"""

from core.documents.articles import Article, LedgerAccount, PriceList, PriceListItem, StockLevel
from core.documents.base import Document, MasterData, Model
from core.documents.invoices import Invoice, InvoiceLine, InvoiceStatus, Posting
from core.documents.messages import (
    Ack,
    AckCounts,
    AckRecord,
    AttachedFile,
    Attachment,
    BadRecord,
    Cancellation,
    ControlTotals,
    Envelope,
    Partner,
    Record,
    message_head,
)
from core.documents.orders import Order, OrderCustomer, OrderLine, OrderStatus, Tracking
from core.documents.parties import (
    Address,
    BankAccount,
    CashDiscount,
    Contact,
    Customer,
    Party,
    PaymentTerms,
    Supplier,
    VatTreatment,
)
from core.documents.receipts import CashPayment, CashReceipt, CashVatRow, Rksv
from core.documents.runs import ExportOrder
from core.documents.settlement import Clearing, ClearingItem, OpenItem, Payment
from core.documents.shipping import DeliveryLine, DeliveryNote, Parcel
from core.documents.totals import Totals, VatRow

ENTITIES: dict[str, type[Document]] = {
    "customer": Customer,
    "supplier": Supplier,
    "article": Article,
    "account": LedgerAccount,
    "price_list": PriceList,
    "stock_level": StockLevel,
    "order": Order,
    "order_status": OrderStatus,
    "delivery_note": DeliveryNote,
    "parcel": Parcel,
    "invoice": Invoice,
    "cash_receipt": CashReceipt,
    "payment": Payment,
    "open_item": OpenItem,
    "clearing": Clearing,
    "export_order": ExportOrder,
    "ack": Ack,
}
"""Model of every entity, by its name in the format."""

__all__ = [
    "ENTITIES",
    "Ack",
    "AckCounts",
    "AckRecord",
    "Address",
    "Article",
    "AttachedFile",
    "Attachment",
    "BadRecord",
    "BankAccount",
    "Cancellation",
    "CashDiscount",
    "CashPayment",
    "CashReceipt",
    "CashVatRow",
    "Clearing",
    "ClearingItem",
    "Contact",
    "ControlTotals",
    "Customer",
    "DeliveryLine",
    "DeliveryNote",
    "Document",
    "Envelope",
    "ExportOrder",
    "Invoice",
    "InvoiceLine",
    "InvoiceStatus",
    "LedgerAccount",
    "MasterData",
    "Model",
    "OpenItem",
    "Order",
    "OrderCustomer",
    "OrderLine",
    "OrderStatus",
    "Parcel",
    "Partner",
    "Party",
    "Payment",
    "PaymentTerms",
    "Posting",
    "PriceList",
    "PriceListItem",
    "Record",
    "Rksv",
    "StockLevel",
    "Supplier",
    "Totals",
    "Tracking",
    "VatRow",
    "VatTreatment",
    "message_head",
]
